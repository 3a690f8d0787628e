-- attack: mem_gsub
-- expect: memory
-- why: gsub that makes every letter a kilobyte
return function(pipe, step, t, kwargs)
  local s = ("a"):rep(1 << 20)
  s = s:gsub(".", ("b"):rep(1024))
  return kwargs
end
