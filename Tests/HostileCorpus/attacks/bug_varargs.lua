-- attack: bug_varargs
-- expect: error
-- why: hundreds of thousands of arguments, results and varargs through every function that takes them
return function(pipe, step, t, kwargs)
  local many = {}
  for i = 1, 240000 do many[i] = i end
  local function f(...) return ... end
  local function g(...) return select("#", ...), (...) end
  for _, h in ipairs { f, g, math.max, math.min, string.char, utf8.char, table.pack, select, pcall, print, assert, type, tostring, rawequal, coroutine.wrap(f), string.format, string.byte, setmetatable, next, error } do pcall(h, table.unpack(many)) end
  pcall(function() return f(table.unpack(many)), f(table.unpack(many)) end)
  pcall(function() return { f(table.unpack(many)) } end)
  pcall(string.byte, ("x"):rep(900000), 1, -1)
  local function deep(n, ...) if n == 0 then return ... end return deep(n - 1, ...), ... end
  pcall(deep, 10, table.unpack(many))
  do return table.unpack({}, 1, 1e7) end
  return kwargs
end
