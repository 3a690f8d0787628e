-- attack: bug_c_stack_coroutines
-- expect: error
-- why: coroutines inside coroutines until the C stack is at its limit, by wrap, resume and pcall in turn
return function(pipe, step, t, kwargs)
  local function deep(n)
    if n % 3 == 0 then return coroutine.wrap(deep)(n + 1) end
    if n % 3 == 1 then return assert(coroutine.resume(coroutine.create(deep), n + 1)) end
    return assert(pcall(deep, n + 1))
  end
  for i = 1, 10 do pcall(deep, i) end
  deep(0)
  return kwargs
end
