-- attack: bug_yield_across_c
-- expect: error
-- why: yield through sort, gsub, tostring, load and metamethods inside a coroutine
return function(pipe, step, t, kwargs)
  local y = coroutine.yield
  for _, f in ipairs {
    function() table.sort({ 3, 1, 2 }, y) end, function() string.gsub("abc", ".", y) end, function() tostring(setmetatable({}, { __tostring = y })) end, function() print(setmetatable({}, { __tostring = y })) end,
    function() return setmetatable({}, { __index = y }).x end, function() return setmetatable({}, { __len = y }) + 1 end, function() return #setmetatable({}, { __len = y }) end, function() for _ in y do end end, function() return pcall(y) end,
    function() return xpcall(y, y) end, function() return xpcall(error, y) end, function() return setmetatable({}, { __eq = y }) == setmetatable({}, { __eq = y }) end, function() return setmetatable({}, { __lt = y }) < 1 end, function() return pairs(setmetatable({}, { __pairs = y })) end, function() return table.unpack(setmetatable({}, { __index = y, __len = function() return 3 end })) end,
    function() return string.format("%s", setmetatable({}, { __tostring = y })) end, function() return ("x"):gsub("x", setmetatable({}, { __index = y })) end, function() return pcall(pcall, pcall, y) end,
  } do
    local co = coroutine.create(f)
    for i = 1, 5 do coroutine.resume(co, i) end
  end
  table.sort({ 3, 1, 2 }, y)
  return kwargs
end
