-- attack: res_deep_table
-- expect: error
-- why: a result nested a thousand levels deep
return function(pipe, step, t, kwargs)
  local x = {}
  for i = 1, 1000 do x = { x } end
  do return x end
  return kwargs
end
