-- attack: mem_table_concat
-- expect: memory
-- why: concat of a list of megabytes
return function(pipe, step, t, kwargs)
  local x, s = {}, ("x"):rep(1 << 20)
  for i = 1, 200 do x[i] = s end
  local r = table.concat(x)
  r = r .. r
  return kwargs
end
