-- attack: cpu_coroutine_ring
-- expect: timeout
-- why: coroutines that hand the loop to each other in slices too short for one count
return function(pipe, step, t, kwargs)
  local function slice() while true do local n = 0 for i = 1, 20 do n = n + i end coroutine.yield() end end
  local ring = {}
  for i = 1, 100 do ring[i] = coroutine.wrap(slice) end
  while true do for i = 1, 100 do pcall(ring[i]) end end
  return kwargs
end
