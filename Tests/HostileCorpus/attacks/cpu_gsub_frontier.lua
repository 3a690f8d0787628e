-- attack: cpu_gsub_frontier
-- expect: timeout
-- why: gsub over a megabyte with frontiers and captures for every letter
return function(pipe, step, t, kwargs)
  local s = ("ab "):rep(1 << 18)
  while true do s:gsub("%f[%w](%w)(%w)", "%2%1") end
  return kwargs
end
