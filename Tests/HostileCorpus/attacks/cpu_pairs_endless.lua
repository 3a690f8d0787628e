-- attack: cpu_pairs_endless
-- expect: timeout
-- why: __pairs whose iterator never ends, under pcall
return function(pipe, step, t, kwargs)
  local x = setmetatable({}, { __pairs = function(o) return function(_, k) return (k or 0) + 1 end, o, nil end })
  pcall(function() for k in pairs(x) do end end)
  for k in pairs(x) do end
  return kwargs
end
