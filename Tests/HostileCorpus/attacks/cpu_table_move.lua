-- attack: cpu_table_move
-- expect: timeout
-- why: table.move over a range that no memory holds
return function(pipe, step, t, kwargs)
  table.move({}, 1, math.maxinteger - 1, 2, {})
  return kwargs
end
