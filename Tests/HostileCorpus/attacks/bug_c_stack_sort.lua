-- attack: bug_c_stack_sort
-- expect: error
-- why: sort comparators that sort until the C stack is at its limit
return function(pipe, step, t, kwargs)
  local function deep(a, b) table.sort({ 3, 1, 2, 5, 4 }, deep) return a < b end
  for i = 1, 20 do pcall(deep, 1, 2) end
  deep(1, 2)
  return kwargs
end
