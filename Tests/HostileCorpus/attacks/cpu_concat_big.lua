-- attack: cpu_concat_big
-- expect: timeout
-- why: each concatenation copies megabytes
return function(pipe, step, t, kwargs)
  local s = ("a"):rep(2000000)
  while true do local x = s .. "b" .. s end
  return kwargs
end
