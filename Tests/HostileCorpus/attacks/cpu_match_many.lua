-- attack: cpu_match_many
-- expect: timeout
-- why: lazy items one after the other
return function(pipe, step, t, kwargs)
  local s = ("a"):rep(3000)
  while true do s:match("a-a-a-a-a-a-b") end
  return kwargs
end
