-- attack: bug_numeric_for
-- expect: harmless
-- why: numeric for loops at the edges of integers and floats must neither overflow nor run for ever
return function(pipe, step, t, kwargs)
  local function count(a, b, c) local n = 0 for i = a, b, c do n = n + 1 if n > 100 then break end end return n end
  local M, m = math.maxinteger, math.mininteger
  assert(count(M - 1, M, 1) == 2 and count(m + 1, m, -1) == 2 and count(M, m, -M) == 3 and count(m, M, M) == 3)
  assert(count(1, 0, 1) == 0 and count(M, M, M) == 1 and count(m, m, m) == 1 and count(1, 1 / 0, 1) == 101 and count(1, -1 / 0, 1) == 0)
  assert(count(0.1, 0.3, 0.1) >= 2 and count(1, 3.9, 1) == 3 and count(3, 1.5, -1) == 2 and count(1, 0 / 0, 1) == 0 and count(0 / 0, 1, 1) <= 1)
  assert(not pcall(count, 1, 2, 0) and not pcall(count, 1, 2, 0.0) and not pcall(count, 1, {}, 1) and not pcall(count, 1, 2, "x"))
  assert(count(2 ^ 53, 2 ^ 53 + 4, 1) <= 101)
  return kwargs
end
