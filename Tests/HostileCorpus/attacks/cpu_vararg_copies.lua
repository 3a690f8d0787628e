-- attack: cpu_vararg_copies
-- expect: timeout
-- why: each call copies hundreds of thousands of varargs
return function(pipe, step, t, kwargs)
  local many = {}
  for i = 1, 150000 do many[i] = i end
  local function f(...) while true do select("#", ...) select("#", ...) select("#", ...) select("#", ...) select("#", ...) select(-1, ...) end end
  f(table.unpack(many))
  return kwargs
end
