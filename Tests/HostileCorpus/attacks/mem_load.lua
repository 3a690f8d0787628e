-- attack: mem_load
-- expect: memory
-- why: chunks loaded and kept without end
return function(pipe, step, t, kwargs)
  local keep = {}
  local source = "return {" .. ("'a', "):rep(10000) .. "}"
  while true do keep[#keep + 1] = load(source) keep[#keep + 1] = keep[#keep]() end
  return kwargs
end
