-- attack: cap_gc_metamethod
-- expect: denied
-- why: finalisers by every way to set one
return function(pipe, step, t, kwargs)
  local ran = false
  local function f() ran = true end
  pcall(setmetatable, {}, { __gc = f })
  local mt = {} local x = setmetatable({}, mt) mt.__gc = f
  mt = { __gc = true } pcall(setmetatable, {}, mt) mt.__gc = f
  local y = setmetatable({}, { __index = { __gc = f } })
  mt = setmetatable({}, { __index = { __gc = f } }) pcall(setmetatable, {}, mt)
  x, y, mt = nil, nil, nil
  for i = 1, 200000 do local garbage = { i } end
  if ran then error("ESCAPED: a finaliser of the plugin ran") end
  return kwargs
end
