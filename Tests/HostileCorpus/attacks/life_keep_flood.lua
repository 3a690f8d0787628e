-- attack: life_keep_flood
-- expect: memory
-- why: keeps the smallest tensors, views and results without end
local kept = {}
return function(pipe, step, t, kwargs)
  local one = moon.zeros { 1 }
  while true do
    kept[#kept + 1] = one:expand { 1 }:keep()
    kept[#kept + 1] = kwargs.latents:select(0, 0):keep()
    kept[#kept + 1] = moon.zeros { 0 }:keep()
  end
end
