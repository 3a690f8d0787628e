-- attack: src_global_callback_type
-- expect: error
-- why: a global callback that is no function
callback = setmetatable({}, { __call = function() while true do end end, __index = function() while true do end end })
