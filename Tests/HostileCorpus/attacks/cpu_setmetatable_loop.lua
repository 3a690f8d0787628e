-- attack: cpu_setmetatable_loop
-- expect: timeout
-- why: metatables made and set without end, more than any cache holds
return function(pipe, step, t, kwargs)
  while true do
    for i = 1, 100 do local mt = { __index = function() end, __add = print, __eq = print, __call = print } setmetatable({}, mt) end
  end
  return kwargs
end
