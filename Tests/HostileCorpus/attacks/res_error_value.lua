-- attack: res_error_value
-- expect: error
-- why: an error object with metamethods that run loops when it is shown
return function(pipe, step, t, kwargs)
  local function endless() while true do end end
  error(setmetatable({}, { __tostring = endless, __index = endless, __name = "\27[2J", __len = endless }))
  return kwargs
end
