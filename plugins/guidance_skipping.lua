--@moonstep 1
-- Guidance at some steps only, which saves nearly half of the work: after a start with guidance at each step it acts at
-- every second one, or fewer, there with more weight for those left out. Put it after plugins that set the weight.
-- Source: arXiv 2408.11194, which shows that few guided steps do as well as all, with the guidance put together there.

-- The weight to go back to after a step with another one.
local held
-- The first step that may be left out.
local first

---@type moonstep.Plugin
return {
  id = "guidance_skipping", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Leaves guidance out at some steps, which saves time.",
  tags = { "guidance", "speed" },
  tensor_inputs = {},
  options = {
    every = { type = "integer", default = 2, min = 1, max = 1000, help = "guidance at one of so many; 1 for all" },
    start = { type = "number", default = 0.2, min = 0, max = 1, help = "share of the steps before any is left out" },
    boost = {
      type = "number", default = 1, min = 0, max = 1,
      help = "how much of the guidance that is left out is added at the guided steps",
    },
  },

  on_run_begin = function(pipe)
    if pipe.guidance_scale <= 1 then print("warning: guidance is off, so there is nothing to skip") end
    -- 0.58 times 50 steps is a little less than 29 in floating point.
    held, first = nil, math.floor(pipe.num_timesteps * pipe.options.start + 1e-9)
  end,

  on_step_begin = function(pipe, step, t)
    local every, weight = pipe.options.every, pipe.guidance_scale
    if step < first or every == 1 or weight <= 1 then return end
    held = weight
    local is_guided = (step - first) % every == every - 1
    pipe.guidance_scale = is_guided and 1 + (weight - 1) * (1 + pipe.options.boost * (every - 1)) or 1
  end,

  on_step_end = function(pipe, step, t, kwargs)
    if held then
      pipe.guidance_scale = held
      held = nil
    end
  end,
}
