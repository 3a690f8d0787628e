-- attack: cpu_metamethod_loops
-- expect: timeout
-- why: loops that live in metamethods alone
return function(pipe, step, t, kwargs)
  local mt = {}
  mt.__lt = function(a, b) while true do end end
  local x, y = setmetatable({}, mt), setmetatable({}, mt)
  pcall(function() return x < y end)
  mt = { __index = function(o, k) return o[k + 1] end }
  x = setmetatable({}, mt)
  while true do pcall(function() return x[1] end) end
  return kwargs
end
