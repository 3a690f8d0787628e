-- attack: cpu_string_methods
-- expect: timeout
-- why: a loop of calls of C without a single Lua function
return function(pipe, step, t, kwargs)
  local s = "x"
  while true do s:len() s:byte() s:upper() s:rep(3) s:find("x") s:format() end
  return kwargs
end
