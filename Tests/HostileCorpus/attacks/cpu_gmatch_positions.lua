-- attack: cpu_gmatch_positions
-- expect: timeout
-- why: gmatch with empty matches at every position, twelve captures each
return function(pipe, step, t, kwargs)
  local s = ("a"):rep(1 << 18)
  while true do for _ in s:gmatch("()()()()()()()()()()()()") do end end
  return kwargs
end
