-- attack: opt_abuse
-- expect: error
-- why: options written, replaced, walked by force, and asked for by odd names
-- cases: 10 (the number after "local case =" runs from 1 to 10)
local case = 1
return {
  id = "opt_abuse", version = "1", api = 1, options = { a = { type = "number", default = 1 }, list = { type = "numbers", default = { 1, 2 } } },
  on_step_end = function(pipe)
    local o = pipe.options
    o.list[1] = 99
    if pipe.options.list[1] ~= 1 then error("ESCAPED: an option was changed", 0) end
    local operation = {
      function() o.a = 2 end, function() pipe.options = {} end, function() rawset(o, "a", 2) end, function() return o[("x"):rep(100000)] end, function() return o[o] end,
      function() return o.__index end, function() return getmetatable(o).__index end, function() setmetatable(o, {}) end, function() return #o end, function() return o.b end,
    }
    operation[case]()
    error("ESCAPED: nothing was wrong", 0)
  end,
}
