-- attack: cpu_float_collisions
-- expect: timeout
-- why: float keys that share one place in a table
return function(pipe, step, t, kwargs)
  local x = {}
  while true do
    for n = 10, 18 do
      x = {}
      for k = 1, 1 << n do x[k * 1.0 * ((1 << n) - 1) + 0.5] = k end
    end
  end
  return kwargs
end
