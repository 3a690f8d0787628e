-- attack: cap_globals_walk
-- expect: denied
-- why: everything reachable from the globals is on a list known beforehand
return function(pipe, step, t, kwargs)
  local known = {}
  for name in ([[assert error getmetatable ipairs load next pairs pcall print rawequal rawget rawlen rawset require select setmetatable tonumber tostring type xpcall _G _VERSION
    coroutine create isyieldable resume running status wrap yield math abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi rad random randomseed sin sqrt tan tointeger type ult
    string byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper table concat insert move pack remove sort unpack utf8 char charpattern codepoint codes len offset moon]]):gmatch("%S+") do known[name] = true end
  local seen = {}
  local function walk(x, path)
    if seen[x] then return end
    seen[x] = true
    for k, v in pairs(x) do
      if path == "_G.moon" then goto continue end
      if type(k) ~= "string" or not known[k] then error("ESCAPED: " .. path .. "." .. tostring(k)) end
      if type(v) == "table" then walk(v, path .. "." .. k) end
      if type(v) == "userdata" or type(v) == "thread" then error("ESCAPED: a " .. type(v) .. " at " .. path .. "." .. k) end
      ::continue::
    end
    local mt = getmetatable(x)
    if type(mt) == "table" then error("ESCAPED: the metatable of " .. path) end
  end
  walk(_G, "_G")
  if getmetatable("") then error("ESCAPED: the metatable of strings") end
  for _, v in ipairs { 1, true, print, coroutine.create(print) } do if getmetatable(v) ~= nil then error("ESCAPED: the metatable of a " .. type(v)) end end
  return kwargs
end
