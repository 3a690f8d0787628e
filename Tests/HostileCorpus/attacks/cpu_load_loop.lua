-- attack: cpu_load_loop
-- expect: timeout
-- why: load of small texts for ever, each of which loads another
return function(pipe, step, t, kwargs)
  code = "local n = ... if n > 0 then return load(code)(n - 1) end"
  while true do pcall(load(code), 150) end
  return kwargs
end
