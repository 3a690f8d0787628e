-- attack: cpu_zero_compare_small
-- expect: timeout
-- why: the same with many strings of 60 KiB, below every threshold for large blocks
return function(pipe, step, t, kwargs)
  local a = ("\0"):rep(60000)
  local b, c = a .. "b", a .. "c"
  while true do if b < c then a = nil end if b <= c then a = nil end if b < c then a = nil end if b < c then a = nil end if b < c then a = nil end end
  return kwargs
end
