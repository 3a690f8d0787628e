-- attack: cpu_concat_proxy
-- expect: timeout
-- why: concat over a range without end: by an index function of C, and of separators alone
return function(pipe, step, t, kwargs)
  local p = setmetatable({}, { __index = getmetatable, __metatable = "" })
  pcall(table.concat, p, "", 1, math.maxinteger)
  pcall(table.concat, setmetatable({}, { __index = function() return "" end }), "", 1, math.maxinteger)
  local x = {}
  for i = 1, 200000 do x[i] = "" end
  while true do table.concat(x) end
  return kwargs
end
