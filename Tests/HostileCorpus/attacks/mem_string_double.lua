-- attack: mem_string_double
-- expect: memory
-- why: a string that doubles
return function(pipe, step, t, kwargs)
  local s = "x"
  while true do s = s .. s end
  return kwargs
end
