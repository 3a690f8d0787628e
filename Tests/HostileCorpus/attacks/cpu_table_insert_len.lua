-- attack: cpu_table_insert_len
-- expect: timeout
-- why: insert and remove on a table that claims to be endless
return function(pipe, step, t, kwargs)
  local x = setmetatable({}, { __len = function() return math.maxinteger - 1 end })
  pcall(table.insert, x, 1, 1)
  pcall(table.remove, x, 1)
  while true do table.insert(x, 1, 1) end
  return kwargs
end
