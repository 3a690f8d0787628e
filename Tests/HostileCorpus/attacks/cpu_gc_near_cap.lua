-- attack: cpu_gc_near_cap
-- expect: timeout
-- why: garbage made beside a live heap that almost fills the memory: a full collection for each allocation
return function(pipe, step, t, kwargs)
  local keep = {}
  pcall(function() for i = 1, 1e9 do keep[i] = { i } if i % 1000 == 0 and false then break end end end)
  while true do local x = {} end
  return kwargs
end
