-- attack: cpu_handler_coroutine
-- expect: timeout
-- why: the error handler starts coroutines that run the loop
return function(pipe, step, t, kwargs)
  while true do xpcall(error, function() return coroutine.wrap(function() while true do end end)() end) end
  return kwargs
end
