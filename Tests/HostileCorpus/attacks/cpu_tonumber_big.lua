-- attack: cpu_tonumber_big
-- expect: timeout
-- why: numerals of megabytes, by tonumber and by arithmetic
return function(pipe, step, t, kwargs)
  local s, z = ("1"):rep(4000000), (" "):rep(4000000)
  while true do tonumber(s) tonumber(z) tonumber(s, 36) pcall(function() return s + 1 end) pcall(function() return z * 1 end) pcall(string.format, "%d", s) end
  return kwargs
end
