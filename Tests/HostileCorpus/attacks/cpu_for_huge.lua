-- attack: cpu_for_huge
-- expect: timeout
-- why: a for loop over all integers
return function(pipe, step, t, kwargs)
  for i = math.mininteger, math.maxinteger do end
  return kwargs
end
