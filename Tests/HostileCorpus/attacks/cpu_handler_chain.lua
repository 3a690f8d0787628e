-- attack: cpu_handler_chain
-- expect: timeout
-- why: handlers of handlers, each of which starts the loop again
return function(pipe, step, t, kwargs)
  local function run(n)
    if n == 0 then while true do end end
    return xpcall(run, function() return run(n - 1) end, n - 1)
  end
  while true do run(30) end
  return kwargs
end
