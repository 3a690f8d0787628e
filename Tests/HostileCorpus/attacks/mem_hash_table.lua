-- attack: mem_hash_table
-- expect: memory
-- why: a table of names without end
return function(pipe, step, t, kwargs)
  local x = {}
  for i = 1, 1e9 do x["k" .. i] = i end
  return kwargs
end
