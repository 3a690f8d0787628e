-- attack: mem_claimed_views
-- expect: memory
-- why: views that claim as many elements as a tensor may have, and operations that would make them real
-- cases: 20 (the number after "local case =" runs from 1 to 20)
local case = 1
return function()
  local view = moon.zeros { 1 }:expand { 1 << 27 }
  local square = moon.zeros({ 1, 1 }):expand { 1 << 14, 1 << 13 }
  local operation = {
    function() return view + 1 end, function() return view:clone() end, function() return moon.cat { view, view } end, function() return square:matmul(square:transpose(0, 1)) end,
    function() return square:fft2() end, function() return square:blur(3) end, function() return square:resize(1 << 14, 1 << 13, "bilinear") end,
    function() return view:quantile(0.5) end, function() return view:std() end, function() return moon.einsum("i,j->ij", view, view) end,
    function() return view:reshape { 1 << 13, 1 << 14 }:permute { 1, 0 }:clone() end, function() return view:totable() end,
    function() return view:split(1) end, function() return view:chunk(1 << 27) end, function() return view:keep() end, function() return moon.stack { view, view, view } end,
    function() return square:unsqueeze(0):to_image() end, function() return view:repeat_rows(1 << 20) end, function() return square:norm(0) end, function() return square:exp():sum(1) end,
  }
  local kept = {}
  while true do kept[#kept + 1] = operation[case]() end
end
