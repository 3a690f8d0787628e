-- attack: cpu_tail_calls
-- expect: timeout
-- why: tail calls keep no frame and end no loop
return function(pipe, step, t, kwargs)
  local function f(n) return f(n + 1) end
  pcall(f, 1)
  do return f(1) end
  return kwargs
end
