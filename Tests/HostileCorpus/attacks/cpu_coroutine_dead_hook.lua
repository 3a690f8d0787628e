-- attack: cpu_coroutine_dead_hook
-- expect: timeout
-- why: a coroutine that died of the limit is asked again, and closed by a variable
return function(pipe, step, t, kwargs)
  local co = coroutine.create(function() pcall(function() while true do end end) while true do end end)
  while true do coroutine.resume(co) if coroutine.status(co) == "dead" then while true do end end end
  return kwargs
end
