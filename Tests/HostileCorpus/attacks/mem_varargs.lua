-- attack: mem_varargs
-- expect: memory
-- why: varargs of varargs
return function(pipe, step, t, kwargs)
  local function f(...) return f(..., ...) end
  f(1, 2, 3)
  return kwargs
end
