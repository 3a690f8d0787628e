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

  tests = {
    ["the pictures count no more after the share of the steps"] = function(t)
      local run = t:run {
        options = { cutoff_step_ratio = 0.4 }, steps = 5, ip_adapters = 1, ip_adapter_scale = 0.6, scheduler = "ddim",
      }
      t:expect_close(run.ip_adapter_scale, { 0.6, 0.6, 0, 0, 0 })
      t:expect_equal(run.rows, { 2, 2, 2, 2, 2 })
    end,
    ["several adapters are turned off together"] = function(t)
      local run = t:run { options = { cutoff_step_index = 0 }, steps = 2, ip_adapters = 2, scheduler = "ddim" }
      t:expect_close(run.ip_adapter_scale, { { 0, 0 }, { 0, 0 } })
    end,
    ["the picture is another, from the step after the cut-off on"] = function(t)
      local plain = t:run { plugin = false, steps = 5, ip_adapters = 1, scheduler = "ddim" }
      local run = t:run { options = { cutoff_step_index = 2 }, steps = 5, ip_adapters = 1, scheduler = "ddim" }
      for step = 1, 3 do t:expect_close(run.latents[step], plain.latents[step], 0) end
      t:expect((run.latents[4] - plain.latents[4]):abs():max():item() > 1e-4)
    end,
    ["a run without an IP-Adapter is refused"] = function(t)
      t:expect_error(function() t:run {} end, "the run has no IP-Adapter")
    end,
    ["two cut-offs are refused"] = function(t)
      t:expect_error(function()
        t:run { options = { cutoff_step_ratio = 0.5, cutoff_step_index = 1 }, ip_adapters = 1 }
      end, "not both")
    end,
    ["a cut-off that never comes is told"] = function(t)
      local run = t:run { steps = 4, ip_adapters = 1, scheduler = "ddim" }
      local told = table.concat(run.log, "\n") .. table.concat(run.warnings, "\n")
      t:expect(told:find("step 4 never comes", 1, true), told)
    end,
  },
}
