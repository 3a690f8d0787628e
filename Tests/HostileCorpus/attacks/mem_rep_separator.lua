-- attack: mem_rep_separator
-- expect: memory
-- why: rep with a long separator
return function(pipe, step, t, kwargs)
  local s = ("x"):rep(1 << 20)
  for i = 1, 30 do s = ("y"):rep(2 << i, s) end
  return kwargs
end
