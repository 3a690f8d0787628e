-- attack: bug_nan_keys
-- expect: error
-- why: nil and NaN as keys by every way of assignment
return function(pipe, step, t, kwargs)
  local x = {}
  pcall(function() x[nil] = 1 end) pcall(function() x[0 / 0] = 1 end)
  pcall(rawset, x, nil, 1) pcall(rawset, x, 0 / 0, 1)
  assert(rawget(x, 0 / 0) == nil and x[nil] == nil)
  pcall(table.insert, x, 0 / 0, 1) pcall(table.move, { 1 }, 1, 1, 0 / 0)
  rawset(x, 0 / 0, 1)
  return kwargs
end
