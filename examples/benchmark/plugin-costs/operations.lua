--@moonstep 1
-- Repeats one operation on tensors of a million elements, as `main.swift` does in Swift and `plugin_costs.py` in NumPy.

local tensors = {}

local operations = {
  nothing = function() end,
  add = function(x) return x.a + x.b end,
  mul = function(x) return x.a * x.b end,
  exp = function(x) return x.a:exp() end,
  mean_last = function(x) return x.a:mean(1) end,
  mean_first = function(x) return x.a:mean(0) end,
  where = function(x) return x.a:where(x.mask, x.b) end,
  matmul = function(x) return x.a:matmul(x.b) end,
  clamp = function(x) return x.a:clamp(-0.5, 0.5) end,
  sum = function(x) return x.a:sum() end,
  transpose = function(x) return x.turned:clone() end,
  std = function(x) return x.a:std() end,
  quantile = function(x) return x.a:quantile(0.9) end,
  -- What takes a handle and no data.
  ndim = function(x) return x.a.ndim end,
  size = function(x) return x.a:size(0) end,
  narrow = function(x) return x.a:narrow(0, 1, 2) end,
}

---@type moonstep.Plugin
return {
  id = "operations", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Repeats one operation on large tensors, for measurements.",
  tensor_inputs = {},
  options = {
    operation = { type = "string", default = "nothing", help = "which operation" },
    count = { type = "integer", default = 1, min = 0, help = "how often in a call" },
  },

  on_run_begin = function(pipe)
    if not operations[pipe.options.operation] then error("there is no such operation", 0) end
    for _, name in ipairs { "a", "b" } do tensors[name] = moon.randn { 1000, 1000 }:keep() end
    tensors.mask = tensors.a:gt(0):keep()
    tensors.turned = tensors.a:transpose(0, 1):keep()
  end,

  on_step_end = function(pipe)
    local operation = operations[pipe.options.operation]
    for _ = 1, pipe.options.count do local _ = operation(tensors) end
  end,
}
