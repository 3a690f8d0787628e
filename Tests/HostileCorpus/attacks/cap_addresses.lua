-- attack: cap_addresses
-- expect: denied
-- why: texts of values must show no address: tostring, %s, %p, print, errors, concat, the random seed
return function(pipe, step, t, kwargs)
  local values = { {}, print, function() end, coroutine.create(print), coroutine.running(), setmetatable({}, { __name = "0x7f0000000000" }), string, _G, pipe, kwargs }
  local function check(what, s) s = tostring(s) if s:find("0x%x%x%x") or s:find("%x%x%x%x%x%x%x%x") then error("ESCAPED: an address in " .. what .. ": " .. s) end end
  for _, v in ipairs(values) do
    check("tostring", v) check("%s", string.format("%s", v)) check("%10s", string.format("%20s", v))
    check("%p", select(2, pcall(string.format, "%p", v))) check("%x", select(2, pcall(string.format, "%x", v))) check("concat", select(2, pcall(table.concat, { v }))) check("arithmetic", select(2, pcall(function() return v + {} end)))
    check("an error", select(2, pcall(error, v))) check("an argument error", select(2, pcall(string.rep, v))) check("call", select(2, pcall(function() return v.x.y.z() end)))
  end
  check("randomseed", math.randomseed()) check("randomseed", select(2, math.randomseed(1)))
  return kwargs
end
