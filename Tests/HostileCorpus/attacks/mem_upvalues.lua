-- attack: mem_upvalues
-- expect: memory
-- why: closures of two hundred upvalues each
return function(pipe, step, t, kwargs)
  local names = {}
  for i = 1, 190 do names[i] = "u" .. i end
  local list = table.concat(names, ", ")
  local make = load("return function() local " .. list .. " = {} return function() return " .. list .. " end end")()
  local keep = {}
  while true do keep[#keep + 1] = make() end
  return kwargs
end
