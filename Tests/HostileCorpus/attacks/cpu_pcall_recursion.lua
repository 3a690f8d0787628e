-- attack: cpu_pcall_recursion
-- expect: timeout
-- why: each level catches the limit and calls two more
return function(pipe, step, t, kwargs)
  local function f() pcall(f) pcall(f) return f end
  while true do f() end
  return kwargs
end
