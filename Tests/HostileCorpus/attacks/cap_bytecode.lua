-- attack: cap_bytecode
-- expect: denied
-- why: bytecode by load in every mode, by text and with a mark in front
return function(pipe, step, t, kwargs)
  local code = "\27Lua\x54\0\x19\x93\r\n\x1a\n\4\8\8xV\0\0\0\0\0\0\0\0\0\0\0(w@\1"
  for _, mode in ipairs { "b", "bt", "t", "x", "" } do
    for _, s in ipairs { code, "\27Lua", "\xef\xbb\xbf" .. code, "#!\n" .. code } do
      local ok, f = pcall(load, s, "x", mode)
      if ok and f then error("ESCAPED: load took bytecode with mode " .. mode) end
    end
  end
  if string.dump then error("ESCAPED: string.dump") end
  return kwargs
end
