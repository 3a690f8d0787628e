--@moonstep 1
-- Guidance off after a number of steps, on every pipeline: the host runs the unwanted half only while guidance is on,
-- whatever tensors belong to it, so nothing has to be resized here.

-- The step after which guidance is off.
local cutoff

---@type moonstep.Plugin
return {
  id = "cfg_cutoff", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Turns guidance off after a share of the steps, or after a step, on every pipeline.",
  tensor_inputs = {},
  options = {
    cutoff_step_ratio = {
      type = "number", min = 0, max = 1,
      help = "share of the steps after which guidance is off; 1 where neither option is given",
    },
    cutoff_step_index = { type = "integer", min = 0, help = "step, from 0, after which guidance is off" },
  },

  on_run_begin = function(pipe)
    local ratio, index = pipe.options.cutoff_step_ratio, pipe.options.cutoff_step_index
    if ratio and index then error("give cutoff_step_ratio or cutoff_step_index, not both", 0) end
    -- 0.58 times 50 steps is a little less than 29 in floating point.
    cutoff = index or math.floor(pipe.num_timesteps * (ratio or 1) + 1e-9)
    if cutoff >= pipe.num_timesteps then
      moon.warn(("the cut-off at step %d never comes, the last of %d steps is step %d"):format(
        cutoff, pipe.num_timesteps, pipe.num_timesteps - 1))
    end
  end,

  on_step_end = function(pipe, step, t, kwargs)
    if step == cutoff then pipe.guidance_scale = 0.0 end
  end,
}
