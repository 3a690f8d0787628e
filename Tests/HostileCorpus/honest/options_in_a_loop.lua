-- benign: reads its options and the pipe for each of many pixels
local sum = 0
return {
  id = "options_in_a_loop", version = "1.0.0", api = 1,
  options = { strength = { type = "number", default = 0.5, help = "how strongly" } },
  on_step_end = function(pipe, step, t, kwargs)
    for _ = 1, 40000 do sum = sum + pipe.options.strength end
  end,
}
