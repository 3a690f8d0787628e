-- attack: cpu_sort_len
-- expect: timeout
-- why: sort on a table that claims a length of two thousand million
return function(pipe, step, t, kwargs)
  local x = setmetatable({}, { __len = function() return (1 << 31) - 2 end, __index = function() return 1 end })
  while true do pcall(table.sort, x, rawequal) pcall(table.sort, x) end
  return kwargs
end
