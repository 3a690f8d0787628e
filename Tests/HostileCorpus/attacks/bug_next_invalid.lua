-- attack: bug_next_invalid
-- expect: error
-- why: next with keys that the table does not have, and tables changed while they are walked
return function(pipe, step, t, kwargs)
  pcall(next, {}, "missing") pcall(next, {}, 0 / 0) pcall(next, { 1, 2 }, 2.5) pcall(next, {}, {})
  local x = {}
  for i = 1, 1000 do x["k" .. i] = i end
  for k in pairs(x) do x[k] = nil; x[k .. "n"] = nil end
  pcall(function() for k in pairs({ a = 1 }) do x[k] = nil; for i = 1, 3000 do x[{}] = i end end end)
  local y = { 1, 2, 3 }
  for i in ipairs(y) do y[i + 3] = nil y[i] = nil end
  next({}, print)
  return kwargs
end
