-- attack: bug_c_stack_gsub
-- expect: error
-- why: gsub callbacks inside gsub callbacks until the C stack is at its limit
return function(pipe, step, t, kwargs)
  local depth = 0
  local function deep() depth = depth + 1 return (string.gsub("abc", ".", deep)) end
  for i = 1, 20 do pcall(deep) end
  deep()
  return kwargs
end
