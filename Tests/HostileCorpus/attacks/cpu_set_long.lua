-- attack: cpu_set_long
-- expect: timeout
-- why: a set of 60,000 members for each of a million letters
return function(pipe, step, t, kwargs)
  local set = "[" .. ("xy"):rep(30000) .. "]"
  local s = ("a"):rep(1 << 20)
  while true do s:find(set) s:find("%f" .. set) end
  return kwargs
end
