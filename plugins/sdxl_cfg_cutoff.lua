--@moonstep 1
-- The official SDXLCFGCutoffCallback: no guidance after a number of steps, which halves the work of each step left.
-- It differs where that one is wrong: every wanted row is kept, so batches of any size work.

-- The step after which guidance is off.
local cutoff

---@type moonstep.Plugin
return {
  id = "sdxl_cfg_cutoff", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Turns guidance off after a share of the steps, or after a step, on SDXL.",
  pipelines = { "sdxl" },
  tensor_inputs = { "prompt_embeds", "add_text_embeds", "add_time_ids" },
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
    if step ~= cutoff then return nil end
    -- While guidance is on, the first half of the rows is what is not wanted.
    if pipe.guidance_scale > 1 then
      for _, name in ipairs { "prompt_embeds", "add_text_embeds", "add_time_ids" } do
        local _, cond = kwargs[name]:chunk(2)
        kwargs[name] = cond
      end
    end
    pipe.guidance_scale = 0.0
    return kwargs
  end,
}
