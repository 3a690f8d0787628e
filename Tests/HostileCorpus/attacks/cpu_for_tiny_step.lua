-- attack: cpu_for_tiny_step
-- expect: timeout
-- why: a for loop whose step is too small to move
return function(pipe, step, t, kwargs)
  for i = 1.0, 2.0, 1e-300 do end
  return kwargs
end
