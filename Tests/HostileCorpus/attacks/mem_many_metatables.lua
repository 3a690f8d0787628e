-- attack: mem_many_metatables
-- expect: memory
-- why: tables that each have a metatable of their own
return function(pipe, step, t, kwargs)
  local keep = {}
  while true do keep[#keep + 1] = setmetatable({}, { __index = {}, __call = print }) end
  return kwargs
end
