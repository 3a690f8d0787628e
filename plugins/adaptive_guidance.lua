--@moonstep 1
-- Guidance only as long as it says something: once the two predictions of every picture point the same way, the one for
-- the negative prompt is not computed any more, and each step left costs half.
-- Source: arXiv 2312.12487, which measures the angle by its cosine.

-- Whether the predictions agree.
local agreed

---@type moonstep.Plugin
return {
  id = "adaptive_guidance", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Turns guidance off once it makes hardly any difference, which saves time.",
  tags = { "guidance", "speed" },
  tensor_inputs = {},
  options = {
    threshold = {
      type = "number", default = 0.991, min = -1, max = 1,
      help = "cosine of the angle between the two predictions from which on they agree; 1 for never",
    },
    start = { type = "number", default = 0.25, min = 0, max = 1, help = "share of the steps before it may be off" },
  },

  on_run_begin = function(pipe)
    agreed = false
    if pipe.guidance_scale <= 1 then print("warning: guidance is off, so there is nothing to turn off") end
  end,

  on_step_begin = function(pipe, step, t)
    if agreed and step >= pipe.num_timesteps * pipe.options.start then pipe.guidance_scale = 1 end
  end,

  on_guidance = function(pipe, step, t, noise)
    local rest = { 1, 2, 3 }
    local cosine = (noise.cond * noise.uncond):sum(rest) / (noise.cond:norm(rest) * noise.uncond:norm(rest))
    agreed = cosine:min():item() > pipe.options.threshold
  end,
}
