-- attack: cap_error_objects
-- expect: denied
-- why: error objects must not reach functions of the host or other values than were raised
return function(pipe, step, t, kwargs)
  for _, v in ipairs { {}, print, true, 7, coroutine.create(print) } do
    local ok, e = pcall(error, v)
    if e ~= v then error("ESCAPED: the error object was replaced by " .. type(e)) end
  end
  local ok, e = pcall(error)
  if e ~= nil then error("ESCAPED: an error of nothing carries a " .. type(e)) end
  ok, e = xpcall(function() local x = nil; x() end, function(m) return m end)
  if type(e) ~= "string" then error("ESCAPED: an error text of type " .. type(e)) end
  return kwargs
end
