-- attack: cpu_sub_big
-- expect: timeout
-- why: sub of megabytes, one copy for each call
return function(pipe, step, t, kwargs)
  local s = ("a"):rep(4000000)
  while true do s:sub(2) s:sub(1, -2) end
  return kwargs
end
