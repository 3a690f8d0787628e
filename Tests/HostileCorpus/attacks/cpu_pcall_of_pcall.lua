-- attack: cpu_pcall_of_pcall
-- expect: timeout
-- why: pcall of pcall of pcall, so that no Lua function is in between
return function(pipe, step, t, kwargs)
  while true do pcall(pcall, pcall, pcall, function() while true do end end) end
  return kwargs
end
