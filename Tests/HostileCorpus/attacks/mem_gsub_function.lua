-- attack: mem_gsub_function
-- expect: memory
-- why: gsub whose callback returns ever longer texts
return function(pipe, step, t, kwargs)
  local n, s = 0, ("a"):rep(1 << 18)
  s:gsub(".", function() n = n + 1 return ("b"):rep(n) end)
  return kwargs
end
