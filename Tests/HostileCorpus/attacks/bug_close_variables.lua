-- attack: bug_close_variables
-- expect: error
-- why: to-be-closed variables in loops, coroutines and after errors, with every value Lua lets them have
return function(pipe, step, t, kwargs)
  for i = 1, 3 do local a <close> = nil; local b <close> = false end
  pcall(function() local a <close> = nil; error("x") end)
  local co = coroutine.wrap(function() local a <close> = nil; coroutine.yield(1) end) co() co()
  for _, v in ipairs { 1, "s", {}, print, coroutine.create(print), pipe or 7 } do pcall(function() local a <close> = v end) end
  pcall(function() for k, v in next, { 1 }, nil, setmetatable({}, { __close = print }) do end end)
  for k, v in next, { 1 }, nil, nil do end
  local c <const> = 5
  assert(not load("local c <const> = 5 c = 6") and not load("local c <thing> = 5"))
  local z <close> = setmetatable({}, { __index = print })
  return kwargs
end
