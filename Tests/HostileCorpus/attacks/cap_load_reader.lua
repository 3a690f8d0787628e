-- attack: cap_load_reader
-- expect: denied
-- why: load with a function as reader
return function(pipe, step, t, kwargs)
  local ok, f = pcall(load, function() return nil end)
  if ok and f then error("ESCAPED: load took a reader") end
  local n = 0
  ok, f = pcall(load, function() n = n + 1 return n < 3 and "return 1 " or nil end, "x", "bt")
  if n > 0 then error("ESCAPED: load called the reader") end
  return kwargs
end
