-- attack: mem_coroutine_sticky
-- expect: memory
-- why: the same by a coroutine
return function(pipe, step, t, kwargs)
  local keep = {}
  coroutine.resume(coroutine.create(function() while true do keep[#keep + 1] = { #keep } end end))
  error("ESCAPED: resume caught the memory error")
  return kwargs
end
