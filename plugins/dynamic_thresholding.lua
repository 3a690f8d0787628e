--@moonstep 1
-- Keeps high guidance weights from burning the picture, in two forms. `mimic` is the one that web interfaces offer: it
-- guides with the run's weight, then scales each channel about its mean to the size that guidance with `mimic_scale`
-- has. `clip` is Imagen's: values beyond a percentile are cut off, and all are scaled to -range..range.
-- Source: arXiv 2205.11487, section 2.3, for `clip`; github.com/mcmonkeyprojects/sd-dynamic-thresholding for `mimic`
-- (absolute values about the mean). Both work on the clean latents that the prediction points to, as those do, or on
-- the prediction itself with `space=prediction`.

-- The larger of two tensors, element by element.
local function larger(left, right) return moon.where(left:gt(right), left, right) end

-- The smaller of two tensors, element by element.
local function smaller(left, right) return moon.where(left:lt(right), left, right) end

-- Values kept in -bound..bound.
local function bounded(values, bound) return smaller(larger(values, -bound), bound) end

-- The elements of each group: a channel of a picture, or a whole picture.
local function grouped(latents, by_channel)
  local shape = latents.shape
  return latents:reshape { shape[1], by_channel and shape[2] or 1, -1 }
end

-- `guided` with the size that `mimicked` has.
local function mimic(guided, mimicked, options)
  local target, model = grouped(guided, options.separate_channels), grouped(mimicked, options.separate_channels)
  local mean = target:mean(2, true)
  local centred = target - mean
  local size = (model - model:mean(2, true)):abs():max(2, true)
  local bound = larger(size, centred:abs():quantile(options.percentile, 2, true)):clamp(1e-12, nil)
  return (bounded(centred, bound) / bound * size + mean):reshape(guided.shape)
end

-- `guided` without what lies beyond the percentile, in -range..range.
local function clip(guided, options)
  local values = grouped(guided, false)
  local bound = values:abs():quantile(options.percentile, 2, true):clamp(options.range, nil)
  return (bounded(values, bound) / bound * options.range):reshape(guided.shape)
end

---@type moonstep.Plugin
return {
  id = "dynamic_thresholding", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Keeps high guidance weights from burning the picture, by the size of a lower weight or by a percentile.",
  tags = { "guidance" },
  tensor_inputs = {},
  options = {
    form = {
      type = "choice", choices = { "mimic", "clip" }, default = "mimic", help = "that of web interfaces, or Imagen's",
    },
    space = {
      type = "choice", choices = { "x0", "prediction" }, default = "x0",
      help = "whether clean latents are changed, or what the model predicts",
    },
    mimic_scale = { type = "number", default = 7, min = 0, max = 100, help = "mimic: the weight whose size is kept" },
    separate_channels = { type = "boolean", default = true, help = "mimic: each channel by itself, not all together" },
    percentile = {
      type = "number", default = 0.995, min = 0, max = 1, help = "share of the values that are not cut off",
    },
    range = { type = "number", default = 1, min = 0.01, max = 100, help = "clip: the greatest value of clean latents" },
    share = { type = "number", default = 1, min = 0, max = 1, help = "how much of the result is taken" },
  },

  on_run_begin = function(pipe)
    if pipe.guidance_scale <= 1 then print("warning: guidance is off, so there is nothing to threshold") end
  end,

  on_guidance = function(pipe, step, t, noise)
    local options = pipe.options
    if options.share == 0 then return nil end
    local in_x0 = options.space == "x0"
    local function seen(prediction) return in_x0 and pipe:to_x0(prediction) or prediction end
    local guided = seen(noise.pred)
    local result
    if options.form == "mimic" then
      result = mimic(guided, seen(noise.uncond + options.mimic_scale * (noise.cond - noise.uncond)), options)
    else
      result = clip(guided, options)
    end
    if options.share < 1 then result = guided:lerp(result, options.share) end
    return in_x0 and pipe:from_x0(result) or result
  end,
}
