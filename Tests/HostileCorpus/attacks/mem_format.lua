-- attack: mem_format
-- expect: memory
-- why: format that joins megabytes
return function(pipe, step, t, kwargs)
  local s = ("x"):rep(1 << 20)
  local r = string.format(("%s"):rep(200), table.unpack((function() local x = {} for i = 1, 200 do x[i] = s end return x end)()))
  return kwargs
end
