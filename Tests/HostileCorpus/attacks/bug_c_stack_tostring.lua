-- attack: bug_c_stack_tostring
-- expect: error
-- why: __tostring, __index, __len, __eq and __call that call themselves through C
return function(pipe, step, t, kwargs)
  local mt = {}
  mt.__tostring = function(x) return tostring(x) end
  mt.__len = function(x) return #x end
  mt.__index = function(x, k) return x[k] end
  mt.__newindex = function(x, k, v) x[k] = v end
  mt.__eq = function(a, b) return a == b end
  mt.__lt = function(a, b) return a < b end
  mt.__unm = function(a) return -a end
  mt.__pairs = function(x) return pairs(x) end
  local a, b = setmetatable({}, mt), setmetatable({}, mt)
  for _, f in ipairs {
    function() return tostring(a) end, function() return #a end, function() return a.x end, function() a.x = 1 end, function() return a == b end,
    function() return a < b end, function() return -a end, function() return pairs(a) end, function() return string.format("%s", a) end, function() print(a) end,
  } do pcall(f) end
  do return tostring(a) end
  return kwargs
end
