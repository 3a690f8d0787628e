-- attack: mem_nested_tables
-- expect: memory
-- why: tables inside tables without end
return function(pipe, step, t, kwargs)
  local x = {}
  while true do x = { x } end
  return kwargs
end
