-- attack: bug_error_in_error
-- expect: error
-- why: a stack overflow inside the handler of a stack overflow
return function(pipe, step, t, kwargs)
  local function plain() return 1 + plain() end
  for i = 1, 5 do xpcall(plain, plain) xpcall(plain, function(m) return plain() .. m end) end
  local ok, m = xpcall(plain, error)
  error(m, 0)
  return kwargs
end
