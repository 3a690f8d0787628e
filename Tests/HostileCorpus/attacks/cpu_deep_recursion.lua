-- attack: cpu_deep_recursion
-- expect: timeout
-- why: the whole Lua stack filled and unwound without end
return function(pipe, step, t, kwargs)
  local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end
  while true do pcall(f, 180000) end
  return kwargs
end
