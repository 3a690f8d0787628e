-- attack: cap_readonly_libraries
-- expect: denied
-- why: writes into the shared tables by every function that writes
return function(pipe, step, t, kwargs)
  local marks = { "x", 1, 0.5 }
  for _, name in ipairs { "string", "table", "math", "utf8", "coroutine", "moon" } do
    local lib = _G[name]
    for _, k in ipairs(marks) do
      pcall(function() lib[k] = 1 end) pcall(rawset, lib, k, 1) pcall(table.insert, lib, 1) pcall(table.insert, lib, 1, 1) pcall(table.move, { 1 }, 1, 1, 1, lib)
      if lib[k] ~= nil or rawget(lib, k) ~= nil then error("ESCAPED: " .. name .. " is writable") end
    end
    local before = lib.insert or lib.rep or lib.floor or lib.char or lib.wrap or lib.log
    for k in pairs(lib) do pcall(function() lib[k] = nil end) pcall(rawset, lib, k, print) end
    if (lib.insert or lib.rep or lib.floor or lib.char or lib.wrap or lib.log) ~= before then error("ESCAPED: " .. name .. " lost a function") end
    for _, mt in ipairs { {}, { __index = print } } do if pcall(setmetatable, lib, mt) then error("ESCAPED: the metatable of " .. name .. " can be set") end end
    pcall(table.sort, lib) pcall(table.remove, lib)
  end
  return kwargs
end
