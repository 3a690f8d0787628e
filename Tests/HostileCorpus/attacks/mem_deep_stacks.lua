-- attack: mem_deep_stacks
-- expect: memory
-- why: coroutines that each hold a deep stack
return function(pipe, step, t, kwargs)
  local keep = {}
  local function deep(n) if n == 0 then coroutine.yield() else deep(n - 1) return n end end
  while true do local co = coroutine.create(deep) coroutine.resume(co, 5000) keep[#keep + 1] = co end
  return kwargs
end
