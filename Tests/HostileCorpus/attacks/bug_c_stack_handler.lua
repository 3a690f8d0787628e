-- attack: bug_c_stack_handler
-- expect: error
-- why: error handlers that raise until the C stack is at its limit
return function(pipe, step, t, kwargs)
  local function handler(m) return (string.gsub("a", ".", function() error(m) end)) end
  for i = 1, 20 do xpcall(error, handler, "x") end
  local function inner(n) return xpcall(function() return inner(n + 1) end, handler) end
  inner(0)
  error("done")
  return kwargs
end
