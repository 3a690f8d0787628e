-- attack: cpu_collision_rebuild
-- expect: timeout
-- why: a full table of colliding keys, emptied and filled so that it is rebuilt at its size again and again
return function(pipe, step, t, kwargs)
  local n = 13
  local m = (1 << n) - 1
  local x = {}
  for k = 1, (1 << n) - 1 do x[k * m] = true end
  local base = 1 << n
  while true do
    for k = 1, 1000 do x[(base + k) * m] = nil x[(base + k + 1) * m] = true end
    base = base + 1000
  end
  return kwargs
end
