-- attack: mem_coroutines
-- expect: memory
-- why: suspended coroutines without end
return function(pipe, step, t, kwargs)
  local keep = {}
  while true do local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co) keep[#keep + 1] = co end
  return kwargs
end
