-- attack: cap_load_environment
-- expect: denied
-- why: loaded text sees the plugin's environment and nothing more
return function(pipe, step, t, kwargs)
  local env = load("return _ENV")()
  if env ~= _G then error("ESCAPED: load has another environment") end
  local f = load("return io or os or debug or package")
  if f() ~= nil then error("ESCAPED: load sees a hidden library") end
  if load("return ...")(1) ~= 1 then error("ESCAPED: varargs of a loaded chunk are not its own") end
  return kwargs
end
