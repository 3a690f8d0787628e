-- attack: cpu_unpack
-- expect: timeout
-- why: unpack of as much as the stack holds, in a loop
return function(pipe, step, t, kwargs)
  local many = {}
  for i = 1, 200000 do many[i] = i end
  while true do select("#", table.unpack(many)) math.max(table.unpack(many)) end
  return kwargs
end
