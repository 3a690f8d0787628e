-- attack: cpu_equal_compare
-- expect: timeout
-- why: equality of long strings compares all their bytes
return function(pipe, step, t, kwargs)
  local a, b = ("x"):rep(4000000) .. "a", ("x"):rep(4000000) .. "a"
  local n = 0
  while true do if a == b then n = n + 1 end if a == b then n = n + 1 end if a == b then n = n + 1 end if a == b then n = n + 1 end end
  return kwargs
end
