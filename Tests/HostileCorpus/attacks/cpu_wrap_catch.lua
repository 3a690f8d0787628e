-- attack: cpu_wrap_catch
-- expect: timeout
-- why: a timeout inside coroutine.wrap, caught outside, again and again
return function(pipe, step, t, kwargs)
  while true do pcall(coroutine.wrap(function() while true do end end)) end
  return kwargs
end
