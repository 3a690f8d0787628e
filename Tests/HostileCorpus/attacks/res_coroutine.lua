-- attack: res_coroutine
-- expect: harmless
-- why: coroutines and functions as results
return function(pipe, step, t, kwargs)
  do return coroutine.create(print), coroutine.wrap(print), print, function() while true do end end end
  return kwargs
end
