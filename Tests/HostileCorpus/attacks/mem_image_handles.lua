-- attack: mem_image_handles
-- expect: error
-- why: a million pictures of one pixel, whose pixels are nearly nothing
local kept = {}
return function(pipe, step)
  local tiny = moon.zeros { 3, 1, 1 }
  while true do kept[#kept + 1] = tiny:to_image() end
end
