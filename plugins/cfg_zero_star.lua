--@moonstep 1
-- CFG-Zero*: the prediction for the negative prompt is scaled so that it lies as near as it can to the other one,
-- before the two are combined; and the first steps, where a prediction is worse than none, may predict nothing.
-- Source: arXiv 2503.18886; `ClassifierFreeZeroStarGuidance` in diffusers. Made for flow models, whose first 4 % of the
-- steps it leaves out; on noise-predicting models such a step leaves the picture as it is.

---@type moonstep.Plugin
return {
  id = "cfg_zero_star", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Guidance from a negative prediction of the best size, and no prediction in the first steps.",
  tags = { "guidance" },
  tensor_inputs = {},
  options = {
    optimized_scale = { type = "boolean", default = true, help = "whether the negative prediction is scaled" },
    zero_init_steps = { type = "integer", default = 0, min = 0, help = "first steps that predict nothing" },
  },

  on_run_begin = function(pipe)
    if pipe.guidance_scale <= 1 then print("warning: guidance is off, so there is nothing to correct") end
  end,

  on_guidance = function(pipe, step, t, noise)
    if step < pipe.options.zero_init_steps then return noise.pred * 0 end
    if not pipe.options.optimized_scale then return nil end
    local rest = { 1, 2, 3 }
    local best = (noise.cond * noise.uncond):sum(rest, true) / ((noise.uncond * noise.uncond):sum(rest, true) + 1e-8)
    local uncond = noise.uncond * best
    return uncond + pipe.guidance_scale * (noise.cond - uncond)
  end,
}
