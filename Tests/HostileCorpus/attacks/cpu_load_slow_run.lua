-- attack: cpu_load_slow_run
-- expect: timeout
-- why: a loaded chunk has the same limits
return function(pipe, step, t, kwargs)
  pcall(load("while true do end"))
  pcall(load("local ok = pcall(function() while true do end end) while true do end"))
  return kwargs
end
