-- attack: cpu_hash_collisions
-- expect: timeout
-- why: integer keys that share one place in a table: rebuilding it takes seconds inside one instruction
return function(pipe, step, t, kwargs)
  for n = 12, 20 do
    local x, m = {}, (1 << n) - 1
    for k = 1, 1 << (n - 1) do x[k * m] = k end
    x[((1 << (n - 1)) + 1) * m] = 1
  end
  while true do end
  return kwargs
end
