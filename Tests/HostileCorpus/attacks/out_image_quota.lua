-- attack: out_image_quota
-- expect: error
-- why: pictures beyond the number that a run may have, each of another name
return function(pipe, step)
  local picture = moon.zeros { 1, 2, 2 }
  for i = 1, 1001 do moon.save_image(picture, ("p%d_%d.png"):format(step, i)) end
end
