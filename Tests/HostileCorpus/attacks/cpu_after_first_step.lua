-- attack: cpu_after_first_step
-- expect: timeout
-- why: well-behaved at first: the loop starts in the second step
return function(pipe, step, t, kwargs)
 
  count = (count or 0) + 1
  if step > 0 or count > 1 then while true do end end
  return kwargs
end
