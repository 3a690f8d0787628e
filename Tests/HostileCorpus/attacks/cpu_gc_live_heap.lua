-- attack: cpu_gc_live_heap
-- expect: timeout
-- why: a large live heap and as much garbage as time allows
return function(pipe, step, t, kwargs)
  local keep = {}
  for i = 1, 60000 do keep[i] = { i, { i } } end
  while true do for i = 1, 60000 do keep[i] = { i, { i } } end end
  return kwargs
end
