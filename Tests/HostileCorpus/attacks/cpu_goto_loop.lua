-- attack: cpu_goto_loop
-- expect: timeout
-- why: a loop of one jump
return function(pipe, step, t, kwargs)
  ::again::
  goto again
  return kwargs
end
