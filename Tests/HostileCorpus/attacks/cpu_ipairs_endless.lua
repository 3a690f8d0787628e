-- attack: cpu_ipairs_endless
-- expect: timeout
-- why: ipairs over an index function that has a value for every number
return function(pipe, step, t, kwargs)
  local x = setmetatable({}, { __index = function(_, k) return k end })
  pcall(function() for k in ipairs(x) do end end)
  for k in ipairs(x) do end
  return kwargs
end
