-- attack: cpu_insert_front
-- expect: timeout
-- why: insert at the front of a long list moves all of it each time
return function(pipe, step, t, kwargs)
  local x = {}
  for i = 1, 100000 do x[i] = i end
  while true do table.insert(x, 1, 0) table.remove(x, 1) end
  return kwargs
end
