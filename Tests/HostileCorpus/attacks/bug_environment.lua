-- attack: bug_environment
-- expect: harmless
-- why: _ENV as a local, an upvalue, a parameter, a number, with metatables, and set to nil
return function(pipe, step, t, kwargs)
  pcall(load("_ENV = nil; x = 1")) pcall(load("local _ENV = 5; x = 1")) pcall(load("local _ENV <const> = {}; x = 1")) pcall(load("_ENV = setmetatable({}, { __index = function(_, k) return k end }); return x"))
  pcall(load("local function f(_ENV) return x end return f(1)")) pcall(load("return x", "n", "t", nil)) pcall(load("return x", "n", "t", 5)) pcall(load("x = 1", "n", "t", setmetatable({}, { __newindex = error })))
  assert(load("return x", "n", "t", { x = 7 })() == 7)
  setmetatable(_G, { __index = function(_, k) return nil end, __newindex = function(t, k, v) rawset(t, k, v) end })
  some_global = 1
  assert(some_global == 1 and missing_global == nil)
  setmetatable(_G, nil)
  return kwargs
end
