--@moonstep 1
-- Ends the run after a number of steps.

---@type moonstep.Plugin
return {
  id = "stop_after", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Ends the run after a number of steps, with the picture so far.",
  tensor_inputs = {},
  options = { steps = { type = "integer", default = 10, min = 1, help = "steps to run" } },

  on_step_end = function(pipe, step, t, kwargs)
    if step + 1 >= pipe.options.steps then pipe.interrupt = true end
  end,
}
