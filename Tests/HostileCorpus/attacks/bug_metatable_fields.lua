-- attack: bug_metatable_fields
-- expect: error
-- why: every field of a metatable set to every kind of value, then used
return function(pipe, step, t, kwargs)
  local fields = { "index", "newindex", "call", "add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot", "concat", "len", "eq", "lt", "le", "tostring", "pairs", "metatable", "name", "gc", "close", "mode" }
  local function use(x)
    local y = setmetatable({}, nil)
    for _, f in ipairs {
      function() return x.k end, function() x.k = 1 end, function() return x(1) end, function() return x + 1, x - 1, x * 1, x / 1, x % 1 end, function() return x ^ 1, -x, x // 1 end, function() return x & 1, x | 1, x ~ 1, x << 1, x >> 1, ~x end,
      function() return x .. "s" end, function() return #x end, function() return x == y end, function() return x < y end, function() return x <= y end, function() return tostring(x) end, function() for _ in pairs(x) do break end end, function() return getmetatable(x) end, function() local c <close> = x end,
    } do pcall(f) end
  end
  for _, f in ipairs(fields) do
    for _, v in ipairs { 0, "s", {}, print, true, 0 / 0, function() end, coroutine.create(print), false } do
      local ok, x = pcall(setmetatable, {}, { ["__" .. f] = v })
      if ok then use(x) end
    end
  end
  do return setmetatable({}, { __gc = print }) end
  return kwargs
end
