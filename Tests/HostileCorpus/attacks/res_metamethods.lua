-- attack: res_metamethods
-- expect: harmless
-- why: a result whose metamethods run loops when they are asked
return function(pipe, step, t, kwargs)
  local function endless() while true do end end
  do return setmetatable({ a = 1 }, { __index = endless, __len = endless, __pairs = endless, __tostring = endless, __eq = endless, __call = endless }) end
  return kwargs
end
