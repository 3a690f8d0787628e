-- attack: cpu_index_chain
-- expect: timeout
-- why: two thousand tables behind each other for one index
return function(pipe, step, t, kwargs)
  local x = {}
  for i = 1, 1990 do x = setmetatable({}, { __index = x }) end
  while true do local _ = x.missing end
  return kwargs
end
