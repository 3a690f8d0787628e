-- attack: cpu_rep_empty
-- expect: timeout
-- why: rep of nothing, without end
return function(pipe, step, t, kwargs)
  local s = ("").rep("", math.maxinteger)
  while true do s = ("").rep("", math.maxinteger, "") end
  return kwargs
end
