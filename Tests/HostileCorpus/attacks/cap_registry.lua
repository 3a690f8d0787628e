-- attack: cap_registry
-- expect: denied
-- why: the registry's tables behind iterators, metatables and errors
return function(pipe, step, t, kwargs)
  for _, f in ipairs { pairs, ipairs, next, rawlen, rawget } do for _, lib in ipairs { string, table, moon } do
    local ok, a, b, c = pcall(f, lib, 1)
    if type(b) == "table" and b ~= lib then error("ESCAPED: the table behind a library") end
  end end
  local iterator, state = pairs(string)
  if state ~= string then error("ESCAPED: pairs hands out another table") end
  if rawget(_G, "_LOADED") or rawget(_G, "_PRELOAD") or _G._CLIBS then error("ESCAPED: a registry field") end
  return kwargs
end
