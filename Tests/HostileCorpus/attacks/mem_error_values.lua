-- attack: mem_error_values
-- expect: memory
-- why: errors that carry ever more
return function(pipe, step, t, kwargs)
  local keep = {}
  while true do local ok, e = pcall(error, { keep, ("x"):rep(1000) .. #keep }) keep[#keep + 1] = e end
  return kwargs
end
