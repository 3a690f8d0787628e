-- attack: cpu_zero_compare
-- expect: timeout
-- why: comparing strings of zero bytes calls strcoll for each byte: 40 ms in one instruction for 4 MiB
return function(pipe, step, t, kwargs)
  local a = ("\0"):rep((4 << 20) - 100)
  local b, c = a .. "b", a .. "c"
  while true do if b < c then a = nil end if b <= c then a = nil end if b < c then a = nil end if b < c then a = nil end end
  return kwargs
end
