-- attack: cpu_index_c_function
-- expect: timeout
-- why: index functions that are functions of C, under loops of C
return function(pipe, step, t, kwargs)
  local x = setmetatable({}, { __index = math.random, __len = function() return 200000 end })
  while true do pcall(table.unpack, x) pcall(table.concat, x) pcall(select, "#", table.unpack(x)) end
  return kwargs
end
