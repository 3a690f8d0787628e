-- attack: bug_coroutine_misuse
-- expect: error
-- why: resume of dead, running, normal and foreign things, wrap after death, yield outside
return function(pipe, step, t, kwargs)
  local co = coroutine.create(function() error("x") end)
  for i = 1, 3 do coroutine.resume(co) end
  pcall(coroutine.resume, coroutine.running()) pcall(coroutine.resume, 1) pcall(coroutine.resume, nil) pcall(coroutine.wrap, 1) pcall(coroutine.create, {}) pcall(coroutine.status, 1)
  local outer outer = coroutine.create(function() local inner = coroutine.create(function() return coroutine.resume(outer) end) return coroutine.resume(inner) end)
  coroutine.resume(outer)
  local self self = coroutine.wrap(function() return pcall(self) end) pcall(self)
  local dead = coroutine.wrap(function() return 1 end) dead() pcall(dead)
  local many = coroutine.wrap(function(...) return ... end) pcall(many, table.unpack({}, 1, 200000))
  local back = coroutine.create(function() return table.unpack({}, 1, 200000) end) coroutine.resume(back)
  pcall(coroutine.yield) assert(coroutine.isyieldable() == false)
  dead()
  return kwargs
end
