-- attack: cpu_utf8_big
-- expect: timeout
-- why: utf8 functions over megabytes
return function(pipe, step, t, kwargs)
  local s = ("é"):rep(2000000)
  while true do utf8.len(s) utf8.offset(s, 1900000) for _ in utf8.codes(s) do break end end
  return kwargs
end
