-- attack: cpu_find_start
-- expect: timeout
-- why: a pattern that scans to the end from every start
return function(pipe, step, t, kwargs)
  local s = ("a"):rep(1 << 18)
  while true do s:find(".-b") end
  return kwargs
end
