-- attack: cpu_sort_large
-- expect: timeout
-- why: sorting a long list of strings with equal beginnings, without a comparator
return function(pipe, step, t, kwargs)
  local x = {}
  local head = ("p"):rep(500)
  for i = 1, 8000 do x[i] = head .. (i * 7919) % 8009 end
  while true do local y = table.move(x, 1, #x, 1, {}) table.sort(y) end
  return kwargs
end
