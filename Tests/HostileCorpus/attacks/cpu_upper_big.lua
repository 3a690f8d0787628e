-- attack: cpu_upper_big
-- expect: timeout
-- why: upper, lower and reverse of megabytes
return function(pipe, step, t, kwargs)
  local s = ("aB"):rep(2000000)
  while true do s:upper() s:lower() s:reverse() end
  return kwargs
end
