-- attack: bug_weak_tables
-- expect: harmless
-- why: weak keys and values with emergency collections between an assignment's steps
return function(pipe, step, t, kwargs)
  local weak = setmetatable({}, { __mode = "k" })
  local values = setmetatable({}, { __mode = "v" })
  for i = 1, 20000 do
    local key = {}
    weak[key] = { key }
    values[i % 100] = setmetatable({}, { __mode = "kv" })
    setmetatable(values[i % 100], { __index = weak })
  end
  return kwargs
end
