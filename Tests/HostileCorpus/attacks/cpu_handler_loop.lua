-- attack: cpu_handler_loop
-- expect: timeout
-- why: the error handler runs the loop
return function(pipe, step, t, kwargs)
  xpcall(error, function() while true do end end)
  xpcall(function() while true do end end, function() while true do end end)
  return kwargs
end
