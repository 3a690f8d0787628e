-- attack: res_cyclic_table
-- expect: error
-- why: a result that contains itself
return function(pipe, step, t, kwargs)
  local x = {}
  x.x = x x[1] = x
  do return x end
  return kwargs
end
