-- attack: bug_metatable_cycles
-- expect: error
-- why: metatables that are their own, in rings, and changed while an event runs
return function(pipe, step, t, kwargs)
  local x = {}
  setmetatable(x, x) x.__index = x x.__newindex = x
  setmetatable(x, x)
  pcall(function() return x.missing end) pcall(function() x.new = 1 end)
  local a, b = {}, {}
  a.__index = b b.__index = a
  setmetatable(a, b) setmetatable(b, a)
  pcall(function() return a.missing end)
  local mt = {}
  mt.__index = function(o, k) setmetatable(o, nil) for i = 1, 100 do setmetatable({}, { __index = print }) end return o[k] end
  for i = 1, 200 do pcall(function() return setmetatable({}, mt).x end) end
  mt.__add = function(l, r) mt.__add = nil setmetatable(l, {}) return l + r end
  local o = setmetatable({}, mt)
  do return o + o end
  return kwargs
end
