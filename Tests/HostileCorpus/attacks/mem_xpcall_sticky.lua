-- attack: mem_xpcall_sticky
-- expect: memory
-- why: the same by xpcall, with a handler that frees everything
return function(pipe, step, t, kwargs)
  local keep = {}
  xpcall(function() while true do keep[#keep + 1] = { #keep } end end, function(m) keep = nil return m end)
  error("ESCAPED: xpcall caught the memory error")
  return kwargs
end
