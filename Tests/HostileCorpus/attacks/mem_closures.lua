-- attack: mem_closures
-- expect: memory
-- why: closures that keep each other
return function(pipe, step, t, kwargs)
  local f = function() end
  while true do local g = f f = function() return g end end
  return kwargs
end
