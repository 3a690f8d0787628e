-- attack: cpu_error_loop
-- expect: timeout
-- why: errors raised and caught without end, each with a long text
return function(pipe, step, t, kwargs)
  local s = ("e"):rep(10000)
  while true do pcall(error, s) pcall(error, s, 2) pcall(error, s .. "x", 1) pcall(nil) end
  return kwargs
end
