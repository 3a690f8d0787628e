--@moonstep 1
-- The official IPAdapterScaleCutoffCallback: the pictures of the IP-Adapters count no more after a number of steps.
-- It differs where that one is wrong: it works with several adapters, and the next run starts at the old weights.

-- The step after which the pictures count no more.
local cutoff

---@type moonstep.Plugin
return {
  id = "ip_adapter_scale_cutoff", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Turns the IP-Adapters off after a share of the steps, or after a step.",
  tensor_inputs = {},
  options = {
    cutoff_step_ratio = {
      type = "number", min = 0, max = 1,
      help = "share of the steps after which they are off; 1 where neither option is given",
    },
    cutoff_step_index = { type = "integer", min = 0, help = "step, from 0, after which they are off" },
  },

  on_run_begin = function(pipe)
    if not pipe.ip_adapter_scale then error("the run has no IP-Adapter", 0) end
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
    if step == cutoff then pipe:set_ip_adapter_scale(0.0) end
  end,
}
