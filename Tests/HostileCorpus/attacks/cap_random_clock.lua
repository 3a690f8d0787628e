-- attack: cap_random_clock
-- expect: denied
-- why: random numbers that differ from run to run would tell the time
return function(pipe, step, t, kwargs)
  math.randomseed()
  local a = math.random(1 << 40)
  math.randomseed()
  if math.random(1 << 40) ~= a then error("ESCAPED: randomseed() takes its seed from the clock") end
  return kwargs
end
