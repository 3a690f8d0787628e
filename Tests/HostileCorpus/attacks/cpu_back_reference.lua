-- attack: cpu_back_reference
-- expect: timeout
-- why: back references to half of a long text
return function(pipe, step, t, kwargs)
  local s = ("a"):rep(1 << 14) .. "b"
  while true do s:find("(.*)(.*)%1%2b$") end
  return kwargs
end
