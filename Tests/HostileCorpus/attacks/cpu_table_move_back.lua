-- attack: cpu_table_move_back
-- expect: timeout
-- why: table.move backwards, and between tables, over ranges of nothing
return function(pipe, step, t, kwargs)
  pcall(table.move, {}, 1, math.maxinteger // 2, 1)
  pcall(table.move, {}, math.mininteger // 2, -1, 1, {})
  table.move({}, 1, 1 << 62, 2)
  return kwargs
end
