-- attack: res_shared_tables
-- expect: error
-- why: a result of a few tables that unfold to millions
return function(pipe, step, t, kwargs)
  local x = { 1 }
  for i = 1, 7 do local y = {} for k = 1, 10 do y[k] = x end x = y end
  local z = {} for k = 1, 10 do z[k] = x end
  do return z, z, z, z, z, z end
  return kwargs
end
