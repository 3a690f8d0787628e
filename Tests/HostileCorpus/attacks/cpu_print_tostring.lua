-- attack: cpu_print_tostring
-- expect: timeout
-- why: print whose __tostring never ends
return function(pipe, step, t, kwargs)
  print(setmetatable({}, { __tostring = function() while true do end end }))
  return kwargs
end
