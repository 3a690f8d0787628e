-- attack: cpu_print_loop
-- expect: timeout
-- why: print without end, after the log is full too
return function(pipe, step, t, kwargs)
  while true do print("x") end
  return kwargs
end
