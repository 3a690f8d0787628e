-- attack: bug_concat_stale_top
-- expect: error
-- why: a __concat that makes the stack grow leaves luaV_concat with a stale pointer: the stock library ends with SIGSEGV
return function(pipe, step, t, kwargs)
  local function deep(n) if n == 0 then return "" end return (deep(n - 1)) end
  local mt = {}
  mt.__concat = function(a, b) deep(150000) return setmetatable({}, mt) end
  local x = setmetatable({}, mt)
  for i = 1, 200 do
    local co = coroutine.wrap(function() return "a" .. x .. "b" .. x .. "c" .. x .. "d" .. x end)
    co()
  end
  return kwargs
end
