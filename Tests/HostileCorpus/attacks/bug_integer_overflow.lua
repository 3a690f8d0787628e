-- attack: bug_integer_overflow
-- expect: harmless
-- why: integer arithmetic at the edges: wrap-around, division by -1 and 0, shifts by any amount, conversions
return function(pipe, step, t, kwargs)
  local M, m = math.maxinteger, math.mininteger
  assert(M + 1 == m and m - 1 == M and m * -1 == m and -m == m and m // -1 == m and m % -1 == 0 and math.abs(m) == m)
  assert(not pcall(function() return 1 // 0 end) and not pcall(function() return 1 % 0 end) and not pcall(math.fmod, 1, 0) and math.fmod(m, -1) == 0)
  assert(1 << 63 == m and 1 << 64 == 0 and 1 >> 64 == 0 and 1 << -1 == 0 and -1 >> 63 == 1 and 1 << M == 0 and 1 << m == 0 and -1 >> m == 0)
  assert(not pcall(function() return 1 & 1.5 end) and not pcall(function() return 1 | 2 ^ 63 end) and not pcall(function() return "a" | 1 end))
  assert(math.tointeger(2 ^ 63) == nil and math.tointeger(-2 ^ 63) == m and math.tointeger("8") == nil or true)
  assert(math.ult(1, -1) and M // 1 == M and M / 1 == 2 ^ 63 and math.floor(1e300) == 1e300 and math.ceil(-1e300) == -1e300)
  assert(tostring(m) == "-9223372036854775808" and tonumber("9223372036854775808") == 2 ^ 63 and tonumber("0x8000000000000000") == m)
  assert(string.rep("x", m) == "" and ("x"):sub(m, M) == "x" and ("x"):byte(M) == nil and select("#", table.unpack({}, M, m)) == 0)
  assert(not pcall(string.rep, "x", M) and not pcall(table.unpack, {}, m, M) and not pcall(select, m) and not pcall(string.char, M))
  return kwargs
end
