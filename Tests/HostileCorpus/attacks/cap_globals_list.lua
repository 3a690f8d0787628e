-- attack: cap_globals_list
-- expect: denied
-- why: any name that the language's dangerous libraries have
return function(pipe, step, t, kwargs)
  for _, n in ipairs { "io", "os", "debug", "package", "dofile", "loadfile", "collectgarbage", "warn", "newproxy", "setfenv", "getfenv", "module", "unpack", "loadstring", "gcinfo", "arg", "jit", "ffi", "bit32" } do
    if _G[n] ~= nil then error("ESCAPED: the global " .. n .. " exists") end
  end
  for _, n in ipairs { "dump", "gfind" } do if string[n] ~= nil then error("ESCAPED: string." .. n) end end
  if coroutine.close ~= nil then error("ESCAPED: coroutine.close") end
  return kwargs
end
