-- attack: bug_string_coercion
-- expect: harmless
-- why: strings as numbers: blanks, hexadecimal, huge, with zeros and with other metatables
return function(pipe, step, t, kwargs)
  assert("10" + 1 == 11 and "0x10" * 2 == 32 and " 5 " - 0 == 5 and "1e1" / 1 == 10.0 and "10" // "3" == 3 and -"2" == -2 and "2" ^ "3" == 8.0)
  for _, s in ipairs { "", " ", "1 2", "1\0", "\0001", "0x", "1e", "nan", "inf", "0x1p", ("1"):rep(5000) .. "x", "٣" } do assert(not pcall(function() return s + 1 end)) assert(tonumber(s) == nil) end
  assert(tonumber(("1"):rep(5000)) == 1 / 0 or true)
  assert(not pcall(function() return "a" + {} end) and not pcall(function() return {} + "1" end) and not pcall(function() return "1" < 1 end))
  local x = setmetatable({}, { __add = function(a, b) return type(a) .. type(b) end })
  assert("10" + x == "stringtable" and x + "10" == "tablestring")
  assert(10 .. "" == "10" and 1.0 .. "" == "1.0" and -0.0 .. "" == "-0.0" and 2 ^ 63 .. "" == "9.2233720368548e+18")
  return kwargs
end
