-- attack: bug_gmatch_state
-- expect: error
-- why: gmatch iterators used after the end, by coroutines, inside themselves and after errors
return function(pipe, step, t, kwargs)
  local it = string.gmatch("abc", "%w")
  for i = 1, 10 do it() end
  it = string.gmatch("abcdef", "(%w)")
  local co = coroutine.wrap(function() while true do coroutine.yield(it()) end end)
  for i = 1, 4 do co() it() end
  it = string.gmatch("a[b", "%w")
  pcall(it, 1, 2, 3) pcall(string.gmatch, "x", "[") local bad = string.gmatch("xx", "[") pcall(bad) pcall(bad)
  it = string.gmatch("abc", "()")
  string.gsub("xyz", ".", function() return it() end)
  string.gmatch("x", "%")()
  return kwargs
end
