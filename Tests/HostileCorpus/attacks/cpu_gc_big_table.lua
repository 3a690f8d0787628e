-- attack: cpu_gc_big_table
-- expect: timeout
-- why: one large table that the collector walks again after each write
return function(pipe, step, t, kwargs)
  local keep = {}
  for i = 1, 300000 do keep[i] = false end
  while true do keep[1] = {} keep[300000] = {} end
  return kwargs
end
