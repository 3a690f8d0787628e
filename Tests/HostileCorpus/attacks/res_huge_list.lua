-- attack: res_huge_list
-- expect: error
-- why: a result of two million numbers
return function(pipe, step, t, kwargs)
  local x = {}
  for i = 1, 2000000 do x[i] = i end
  do return x end
  return kwargs
end
