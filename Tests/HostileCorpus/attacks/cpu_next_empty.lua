-- attack: cpu_next_empty
-- expect: timeout
-- why: next walks over a million empty places in one step
return function(pipe, step, t, kwargs)
  local x = {}
  for i = 1, 400000 do x[i] = i end
  x.last = 1
  for i = 1, 400000 do x[i] = nil end
  while true do next(x) next(x) next(x) next(x) next(x) next(x) next(x) next(x) next(x) next(x) end
  return kwargs
end
