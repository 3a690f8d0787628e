-- attack: cpu_coroutine_fresh
-- expect: timeout
-- why: a fresh coroutine for every few instructions
return function(pipe, step, t, kwargs)
  local function f() local n = 0 for i = 1, 10 do n = n + i end end
  while true do coroutine.resume(coroutine.create(f)) coroutine.wrap(f)() end
  return kwargs
end
