-- attack: cpu_gsub_callbacks
-- expect: timeout
-- why: gsub whose callback searches again
return function(pipe, step, t, kwargs)
  local s = ("a"):rep(2000)
  local function f(x) return (s:gsub(".", "%0%0")) and x end
  while true do s:gsub(".", f) end
  return kwargs
end
