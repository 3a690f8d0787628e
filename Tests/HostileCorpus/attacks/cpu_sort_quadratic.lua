-- attack: cpu_sort_quadratic
-- expect: timeout
-- why: an order made to defeat quicksort: the comparator decides as it goes
return function(pipe, step, t, kwargs)
  while true do
    local n, solid, values, gas = 30000, 0, {}, 30001
    local keys = {}
    for i = 1, n do keys[i] = i values[i] = gas end
    local candidate
    table.sort(keys, function(a, b)
      if values[a] == gas and values[b] == gas then if a == candidate then values[a] = solid else values[b] = solid end solid = solid + 1 end
      if values[a] == gas then candidate = a elseif values[b] == gas then candidate = b end
      return values[a] < values[b]
    end)
  end
  return kwargs
end
