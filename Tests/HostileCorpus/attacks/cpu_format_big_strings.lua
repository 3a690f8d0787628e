-- attack: cpu_format_big_strings
-- expect: timeout
-- why: format of long strings, quoted ones above all
return function(pipe, step, t, kwargs)
  local s = ("\0\1\""):rep(300000)
  while true do string.format("%q", s) string.format("%s", s) end
  return kwargs
end
