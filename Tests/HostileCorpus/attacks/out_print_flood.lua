-- attack: out_print_flood
-- expect: harmless
-- why: print until the log is full, in long lines and in empty ones
return function(pipe, step, t, kwargs)
  for i = 1, 3000 do print(("x"):rep(1000)) end
  for i = 1, 3000 do print() end
  return kwargs
end
