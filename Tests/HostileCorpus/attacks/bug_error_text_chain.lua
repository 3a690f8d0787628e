-- attack: bug_error_text_chain
-- expect: timeout
-- why: naming the variable in an error text walks back through the code once for each link of a chain: a second for 31,000 links, and no hook runs
return function(pipe, step, t, kwargs)
  local f = load("local t = ... return t" .. (".b"):rep(31000) .. " + 1")
  local x = {}
  x.b = x
  while true do pcall(f, x) end
  return kwargs
end
