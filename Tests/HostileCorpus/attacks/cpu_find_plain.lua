-- attack: cpu_find_plain
-- expect: timeout
-- why: plain find of a text that almost fits everywhere
return function(pipe, step, t, kwargs)
  local s, p = ("a"):rep(1 << 21), ("a"):rep(1 << 20) .. "b"
  while true do string.find(s, p, 1, true) end
  return kwargs
end
