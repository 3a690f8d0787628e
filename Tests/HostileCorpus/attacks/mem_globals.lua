-- attack: mem_globals
-- expect: memory
-- why: globals without end
return function(pipe, step, t, kwargs)
  for i = 1, 1e9 do _G["g" .. i] = {} end
  return kwargs
end
