-- attack: cap_coroutine_library
-- expect: denied
-- why: what coroutines could undo: close, a thread's hook, the main thread
return function(pipe, step, t, kwargs)
  if coroutine.close then error("ESCAPED: coroutine.close exists") end
  local main, is_main = coroutine.running()
  if not is_main then error("ESCAPED: the hook runs in a coroutine") end
  pcall(coroutine.resume, main)
  if coroutine.isyieldable() then error("ESCAPED: the host call is yieldable") end
  if pcall(coroutine.yield) then error("ESCAPED: yield to the host") end
  return kwargs
end
