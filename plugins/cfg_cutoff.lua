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

  tests = {
    ["guidance is off after the share of the steps, and the other half is run no more"] = function(t)
      local run = t:run { options = { cutoff_step_ratio = 0.4 }, steps = 10, guidance_scale = 5, scheduler = "ddim" }
      t:expect_equal(run.guidance, { 5, 5, 5, 5, 5, 1, 1, 1, 1, 1 })
      t:expect_equal(run.rows, { 2, 2, 2, 2, 2, 1, 1, 1, 1, 1 })
    end,
    ["a step can be named instead, for every picture of a batch"] = function(t)
      local run = t:run { options = { cutoff_step_index = 1 }, steps = 5, num_images = 3, scheduler = "ddim" }
      t:expect_equal(run.rows, { 6, 6, 3, 3, 3 })
      t:expect_equal(run.final.shape, { 3, 4, 8, 8 })
    end,
    ["0.58 of 50 steps are 29"] = function(t)
      local run = t:run { options = { cutoff_step_ratio = 0.58 }, steps = 50, scheduler = "ddim" }
      t:expect(run.guidance[30] > 1 and run.guidance[31] == 1)
    end,
    ["nothing changes before the cut-off"] = function(t)
      local plain = t:run { plugin = false, steps = 6, scheduler = "ddim" }
      local run = t:run { options = { cutoff_step_index = 3 }, steps = 6, scheduler = "ddim" }
      for step = 1, 4 do t:expect_close(run.latents[step], plain.latents[step], 0) end
      t:expect((run.final - plain.final):abs():max():item() > 0, "the cut-off changes the end")
    end,
    ["a run without guidance stays as it is"] = function(t)
      local plain = t:run { plugin = false, steps = 4, guidance_scale = 1, scheduler = "ddim" }
      local run = t:run {
        options = { cutoff_step_index = 1 }, steps = 4, guidance_scale = 1, scheduler = "ddim",
      }
      t:expect_close(run.final, plain.final, 0)
    end,
    ["every pipeline follows"] = function(t)
      for _, kind in ipairs {
        { pipeline = "sdxl" }, { task = "image-to-image", strength = 1 },
        { task = "inpainting", inpainting_model = true, strength = 1 },
        { pipeline = "sdxl", task = "inpainting", strength = 1 }, { controlnets = 2 }, { ip_adapters = 1 },
      } do
        kind.options, kind.steps, kind.scheduler, kind.num_images = { cutoff_step_index = 0 }, 3, "ddim", 2
        t:expect_equal(t:run(kind).rows, { 4, 2, 2 })
      end
    end,
    ["two cut-offs are refused"] = function(t)
      t:expect_error(function()
        t:run { options = { cutoff_step_ratio = 0.5, cutoff_step_index = 1 }, }
      end, "not both")
    end,
    ["a cut-off that never comes is told"] = function(t)
      local run = t:run { steps = 4, scheduler = "ddim" }
      local told = table.concat(run.log, "\n") .. table.concat(run.warnings, "\n")
      t:expect(told:find("step 4 never comes", 1, true), told)
      t:expect_equal(run.total_rows, 8)
    end,
  },
}
