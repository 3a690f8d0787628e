--@moonstep 1
-- Strong guidance makes predictions too large, and pictures too bright and too saturated. This scales the guided
-- prediction of each picture back to the spread of the prediction for the prompt alone, as `--guidance-rescale` does,
-- but in its place among other plugins: it rescales what those before it made of the guidance.
-- Source: arXiv 2305.08891, section 3.4; `rescale_noise_cfg` in diffusers.

-- The spread of each picture.
local function spread(noise) return noise:std({ 1, 2, 3 }, true):clamp(1e-12, nil) end

---@type moonstep.Plugin
return {
  id = "guidance_rescale", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Scales guided predictions back to the spread of the unguided ones, against overexposure.",
  tags = { "guidance" },
  tensor_inputs = {},
  options = {
    share = { type = "number", default = 0.7, min = 0, max = 1, help = "how much of the rescaled prediction is taken" },
  },

  on_run_begin = function(pipe)
    if pipe.guidance_scale <= 1 then print("warning: guidance is off, so there is nothing to rescale") end
  end,

  on_guidance = function(pipe, step, t, noise)
    local share = pipe.options.share
    if share == 0 then return nil end
    local rescaled = noise.pred * (spread(noise.cond) / spread(noise.pred))
    return rescaled * share + noise.pred * (1 - share)
  end,
}
