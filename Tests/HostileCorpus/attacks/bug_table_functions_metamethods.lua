-- attack: bug_table_functions_metamethods
-- expect: harmless
-- why: table functions on tables whose metamethods lie about length and content
return function(pipe, step, t, kwargs)
  local calls = 0
  local mt = { __len = function() calls = calls + 1 return math.maxinteger end, __index = function(_, k) return k end, __newindex = function() end }
  local x = setmetatable({}, mt)
  pcall(table.insert, x, 1) pcall(table.insert, x, 1, 1) pcall(table.remove, x) pcall(table.remove, x, 1)
  pcall(table.concat, x) pcall(table.sort, x) pcall(table.unpack, x) pcall(table.move, x, 1, 3, 2, x)
  mt = { __len = function() return "many" end }
  x = setmetatable({ 1, 2, 3 }, mt)
  pcall(table.insert, x, 1) pcall(table.concat, x) pcall(table.unpack, x) pcall(function() return #x end)
  mt = { __len = function() return -5 end }
  x = setmetatable({ 1, 2, 3 }, mt)
  pcall(table.insert, x, 1) pcall(table.remove, x) pcall(table.unpack, x)
  return kwargs
end
