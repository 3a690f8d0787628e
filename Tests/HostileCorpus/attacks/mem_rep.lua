-- attack: mem_rep
-- expect: memory
-- why: rep of as much as a string can be, kept
return function(pipe, step, t, kwargs)
  local keep = {}
  for i = 1, 1000 do keep[i] = ("x"):rep(3 << 20) .. i end
  return kwargs
end
