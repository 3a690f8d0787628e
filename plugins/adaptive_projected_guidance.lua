--@moonstep 1
-- APG: guidance at high weights without its oversaturation. What guidance adds is split into the part along the wanted
-- prediction, which makes colours glaring, and the part across it, which makes the picture follow the prompt; the
-- former counts by `eta`. The addition is also kept to a length, and to what is new in it since the steps before.
-- Source: arXiv 2410.02416, algorithm 1, on the clean latents; `space=prediction` is what diffusers'
-- `AdaptiveProjectedGuidance` does. `eta=1,norm_threshold=0,momentum=0` is plain guidance.

-- All dimensions of one picture.
local rest = { 1, 2, 3 }
-- The running sum of what guidance adds.
local sum

---@type moonstep.Plugin
return {
  id = "adaptive_projected_guidance", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Guidance without the part that oversaturates, for high weights.",
  tags = { "guidance" },
  tensor_inputs = {},
  options = {
    eta = { type = "number", default = 0, min = 0, max = 1, help = "weight of the part along the prediction" },
    norm_threshold = { type = "number", default = 15, min = 0, help = "greatest length of what is added; 0 for any" },
    momentum = {
      type = "number", default = -0.5, min = -1, max = 1, help = "weight of the steps before; below 0 takes them away",
    },
    space = {
      type = "choice", choices = { "x0", "prediction" }, default = "x0",
      help = "whether clean latents are compared, or what the model predicts",
    },
  },

  on_run_begin = function(pipe)
    sum = nil
    if pipe.guidance_scale <= 1 then print("warning: guidance is off, so there is nothing to project") end
  end,

  on_guidance = function(pipe, step, t, noise)
    local options = pipe.options
    if options.eta == 1 and options.norm_threshold == 0 and options.momentum == 0 then return nil end
    local in_x0 = options.space == "x0"
    local cond = in_x0 and pipe:to_x0(noise.cond) or noise.cond
    local added = cond - (in_x0 and pipe:to_x0(noise.uncond) or noise.uncond)
    if options.momentum ~= 0 then
      if sum then added = added + options.momentum * sum end
      sum = added:keep()
    end
    if options.norm_threshold > 0 then
      added = added * (options.norm_threshold / added:norm(rest, true)):clamp(nil, 1)
    end
    local unit = cond / cond:norm(rest, true):clamp(1e-12, nil)
    local along = (added * unit):sum(rest, true) * unit
    local guided = cond + (pipe.guidance_scale - 1) * (added - along + options.eta * along)
    return in_x0 and pipe:from_x0(guided) or guided
  end,
}
