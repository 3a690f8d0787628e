-- attack: cpu_random_loop
-- expect: timeout
-- why: random numbers without end, over intervals that reject half of them
return function(pipe, step, t, kwargs)
  while true do math.random(math.mininteger, 0) math.random(1, (1 << 62) + 1) math.randomseed(1) end
  return kwargs
end
