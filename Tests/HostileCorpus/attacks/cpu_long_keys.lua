-- attack: cpu_long_keys
-- expect: timeout
-- why: long strings as keys: equal bytes in new objects, hashed and compared each time
return function(pipe, step, t, kwargs)
  local x = {}
  while true do
    local k = ("k"):rep(1 << 20) .. "e"
    x[k] = (x[k] or 0) + 1
    local l = ("k"):rep(1 << 20) .. "e"
    for i = 1, 50 do x[l] = x[k] end
  end
  return kwargs
end
