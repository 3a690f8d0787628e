-- attack: bug_coroutine_close_chain
-- expect: error
-- why: each coroutine closes the next from a to-be-closed variable: 20,000 of them overflow the C stack of the stock library
return function(pipe, step, t, kwargs)
  local co
  for i = 1, 20000 do
    local previous = co
    co = coroutine.create(function()
      local x <close> = previous and setmetatable({}, { __close = function() coroutine.close(previous) end })
      coroutine.yield()
    end)
    coroutine.resume(co)
  end
  coroutine.close(co)
  return kwargs
end
