-- attack: mem_pcall_sticky
-- expect: memory
-- why: what is left after a caught memory error must end the plugin, not serve it
return function(pipe, step, t, kwargs)
  local keep = {}
  local ok = pcall(function() while true do keep[#keep + 1] = { #keep } end end)
  error("ESCAPED: pcall caught the memory error, ok = " .. tostring(ok))
  return kwargs
end
