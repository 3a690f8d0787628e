-- attack: cap_string_metatable
-- expect: denied
-- why: the metatable that all strings share
return function(pipe, step, t, kwargs)
  for _, f in ipairs { function() getmetatable("").__index = { len = print } end, function() getmetatable("").__add = print end, function() setmetatable("", {}) end, function() rawset(getmetatable(""), "__index", {}) end } do pcall(f) end
  if ("abc"):len() ~= 3 then error("ESCAPED: the string metatable was changed") end
  if type(getmetatable("")) == "table" then error("ESCAPED: getmetatable('') is a table") end
  return kwargs
end
