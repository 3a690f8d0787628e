-- attack: mem_string_list
-- expect: memory
-- why: strings without end
return function(pipe, step, t, kwargs)
  local keep = {}
  while true do keep[#keep + 1] = ("x"):rep(1000) .. #keep end
  return kwargs
end
