--@moonstep 1
-- The official SDXLControlnetCFGCutoffCallback: no guidance after a number of steps, which halves the work of
-- each step left, on SDXL with ControlNets.
-- It differs where that one is wrong: every wanted row is kept, so batches of any size work, and so do several nets and
-- pipelines that start from a picture, where the host keeps what the nets follow once an image.

-- The step after which guidance is off.
local cutoff

---@type moonstep.Plugin
return {
  id = "sdxl_controlnet_cfg_cutoff", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Turns guidance off after a share of the steps, or after a step, on SDXL with ControlNets.",
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

  tests = {
    ["guidance is off after the share of the steps, and the other half is run no more"] = function(t)
      local run = t:run {
        options = { cutoff_step_ratio = 0.4 }, steps = 10, guidance_scale = 5, controlnets = 2, scheduler = "ddim",
      }
      t:expect_equal(run.guidance, { 5, 5, 5, 5, 5, 1, 1, 1, 1, 1 })
      t:expect_equal(run.rows, { 2, 2, 2, 2, 2, 1, 1, 1, 1, 1 })
    end,
    ["a step can be named instead, for every picture of a batch"] = function(t)
      local run = t:run {
        options = { cutoff_step_index = 1 }, steps = 5, num_images = 3, controlnets = 2, scheduler = "ddim",
      }
      t:expect_equal(run.rows, { 6, 6, 3, 3, 3 })
      t:expect_equal(run.final.shape, { 3, 4, 8, 8 })
    end,
    ["0.58 of 50 steps are 29"] = function(t)
      local run = t:run { options = { cutoff_step_ratio = 0.58 }, steps = 50, controlnets = 2, scheduler = "ddim" }
      t:expect(run.guidance[30] > 1 and run.guidance[31] == 1)
    end,
    ["nothing changes before the cut-off"] = function(t)
      local plain = t:run { plugin = false, steps = 6, controlnets = 2, scheduler = "ddim" }
      local run = t:run { options = { cutoff_step_index = 3 }, steps = 6, controlnets = 2, scheduler = "ddim" }
      for step = 1, 4 do t:expect_close(run.latents[step], plain.latents[step], 0) end
      t:expect((run.final - plain.final):abs():max():item() > 0, "the cut-off changes the end")
    end,
    ["a run without guidance stays as it is"] = function(t)
      local plain = t:run { plugin = false, steps = 4, guidance_scale = 1, controlnets = 2, scheduler = "ddim" }
      local run = t:run {
        options = { cutoff_step_index = 1 }, steps = 4, guidance_scale = 1, controlnets = 2, scheduler = "ddim",
      }
      t:expect_close(run.final, plain.final, 0)
    end,
    ["two cut-offs are refused"] = function(t)
      t:expect_error(function()
        t:run { options = { cutoff_step_ratio = 0.5, cutoff_step_index = 1 }, controlnets = 2 }
      end, "not both")
    end,
    ["a cut-off that never comes is told"] = function(t)
      local run = t:run { steps = 4, controlnets = 2, scheduler = "ddim" }
      local told = table.concat(run.log, "\n") .. table.concat(run.warnings, "\n")
      t:expect(told:find("step 4 never comes", 1, true), told)
      t:expect_equal(run.total_rows, 8)
    end,
  },
}
