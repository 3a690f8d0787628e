-- attack: cap_close_metamethod
-- expect: denied
-- why: __close set before, after and behind __index
return function(pipe, step, t, kwargs)
  local ran = false
  local function f() ran = true end
  pcall(function() local x <close> = setmetatable({}, { __close = f }) end)
  pcall(function() local mt = {} local x <close> = setmetatable({}, mt) mt.__close = f end)
  pcall(function() local mt = { __close = f } local x = setmetatable({}, mt) local y <close> = x end)
  if ran then error("ESCAPED: a __close of the plugin ran") end
  return kwargs
end
