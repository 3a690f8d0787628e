-- attack: cap_concat_metamethod
-- expect: denied
-- why: __concat set before and after
return function(pipe, step, t, kwargs)
  local ran = false
  local function f() ran = true return "x" end
  pcall(function() return setmetatable({}, { __concat = f }) .. "x" end)
  pcall(function() local mt = {} local x = setmetatable({}, mt) mt.__concat = f return x .. "x" end)
  if ran then error("ESCAPED: a __concat of the plugin ran") end
  return kwargs
end
