-- attack: cpu_coroutine_nested
-- expect: timeout
-- why: a loop at the bottom of 150 coroutines, each of which catches
return function(pipe, step, t, kwargs)
  local function deep(n)
    if n == 0 then while true do end end
    while true do pcall(coroutine.wrap(function() return deep(n - 1) end)) coroutine.resume(coroutine.create(deep), n - 1) end
  end
  deep(150)
  return kwargs
end
