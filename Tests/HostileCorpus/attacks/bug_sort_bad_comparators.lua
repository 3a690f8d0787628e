-- attack: bug_sort_bad_comparators
-- expect: error
-- why: comparators that contradict themselves, raise, yield, change the table, or return odd values
return function(pipe, step, t, kwargs)
  local n = 0
  local function list() local x = {} for i = 1, 200 do x[i] = (i * 7919) % 211 end return x end
  for _, f in ipairs {
    function() return true end, function() return false end, function() return nil end, function(a, b) return a <= b end, function() n = n + 1 return n % 2 == 0 end,
    function(a, b) error(a) end, function() coroutine.yield() end, function(a, b) return a end, math.random, function(a, b) return math.random() < 0.5 end,
  } do pcall(table.sort, list(), f) end
  local x = list()
  pcall(table.sort, x, function(a, b) x[#x] = nil x[1] = {} return a and b and true end)
  pcall(table.sort, x, function(a, b) x[#x + 1] = 1 return false end)
  pcall(table.sort, { 1, "a", {}, print, true })
  pcall(table.sort, { 0 / 0, 1, 0 / 0, 2, 0 / 0, 3, 0 / 0, 1, 2, 0 / 0, 5, 6, 7, 0 / 0, 9 })
  table.sort({ 3, {}, 1 })
  return kwargs
end
