-- attack: bug_stack_overflow
-- expect: error
-- why: unbounded Lua recursion, caught and repeated, with many values on each level
return function(pipe, step, t, kwargs)
  local function deep(...) return 1 + deep(1, 2, 3, 4, 5, 6, 7, 8, ...) end
  local function plain() return 1 + plain() end
  for i = 1, 5 do pcall(plain) pcall(deep) end
  plain()
  return kwargs
end
