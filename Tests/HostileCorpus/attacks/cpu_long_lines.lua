-- attack: cpu_long_lines
-- expect: timeout
-- why: operations on shapes that put all work into one line, one row or one piece
-- cases: 24 (the number after "local case =" runs from 1 to 24)
local case = 1
return function()
  local n = 1 << 23
  local row, prime = moon.rand { 1, n }, moon.rand { 1, 8388593 }
  local column, flat = row:transpose(0, 1), row:reshape { -1 }
  local operation = {
    function() return row:fft2() end, function() return prime:fft2() end, function() return column:fft2() end, function() return row:blur(65536) end,
    function() return column:blur(65536) end, function() return row:resize(1, n * 2, "bilinear") end, function() return column:resize(n * 2, 1, "nearest") end, function() return flat:quantile(0.3) end,
    function() return row:reshape({ 128, 65536 }):quantile(0.5, 1) end, function() return row:reshape({ 65537, -1 }) end, function() return row:split(1, 1) end, function() return flat:chunk(1 << 23) end,
    function() return moon.cat { flat, flat, flat, flat, flat } end, function() return row:matmul(column) end, function() return row:reshape({ 1 << 12, 1 << 11 }):matmul(moon.rand { 1 << 11, 1 << 12 }) end, function() return moon.save_image(moon.rand({ 3, 1, 1 << 14 }) * 255, "a.png") end,
    function() return moon.save_image(moon.rand({ 3, 1 << 10, 1 << 13 }) * 255, "a.png") end, function() return moon.save_image(moon.rand { 3, 1 << 24, 1 }, "a.png") end, function() return moon.einsum("ij,ij->j", row:reshape { 2, -1 }, row:reshape { 2, -1 }) end, function() return (row ^ row):acos():sin() end,
    function() return row:reshape({ 1, 2, 2, 2, 2, 2, 2, -1 }):permute({ 7, 6, 5, 4, 3, 2, 1, 0 }):clone() end, function() return row:reshape({ 1 << 18, 32 }):narrow(1, 0, 1):totable() end, function() return flat:reshape({ 1 << 11, 1 << 12 }):norm({ 0, 1 }) end, function() return moon.arange(0, 1e7, 1) end,
  }
  while true do operation[case]() end
end
