--@moonstep 1
-- Guidance only in the middle of the run: at high noise it throws away variety and overshoots colours, at low noise it
-- does nothing but cost. Put it after plugins that set the guidance weight.
-- Source: arXiv 2404.07724; its interval for Stable Diffusion XL, 0.28 to 5.42, is the default.

-- The weight to go back to after a step without guidance.
local held
-- The steps with guidance, where the interval is given as shares of the run.
local first, last

---@type moonstep.Plugin
return {
  id = "guidance_interval", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Keeps guidance to an interval of noise levels, or of steps.",
  tags = { "guidance" },
  tensor_inputs = {},
  options = {
    by = {
      type = "choice", choices = { "sigma", "progress" }, default = "sigma",
      help = "whether sigma_low and sigma_high count, or start and stop",
    },
    sigma_low = { type = "number", default = 0.28, min = 0, help = "guidance at noise levels above this" },
    sigma_high = { type = "number", default = 5.42, min = 0, help = "guidance at noise levels up to this" },
    start = { type = "number", default = 0, min = 0, max = 1, help = "share of the steps before guidance begins" },
    stop = { type = "number", default = 1, min = 0, max = 1, help = "share of the steps after which it ends" },
  },

  on_run_begin = function(pipe)
    local options, count = pipe.options, pipe.num_timesteps
    if pipe.guidance_scale <= 1 then print("warning: guidance is off, so there is nothing to confine") end
    if options.by == "sigma" and options.sigma_low >= options.sigma_high then
      error("sigma_low must be less than sigma_high", 0)
    end
    if options.by == "progress" and options.start >= options.stop then error("start must be less than stop", 0) end
    -- 0.58 times 50 steps is a little less than 29 in floating point.
    first, last = math.floor(count * options.start + 1e-9), math.floor(count * options.stop + 1e-9) - 1
  end,

  on_step_begin = function(pipe, step, t)
    local options = pipe.options
    local inside
    if options.by == "sigma" then
      inside = pipe.sigma > options.sigma_low and pipe.sigma <= options.sigma_high
    else
      inside = step >= first and step <= last
    end
    if inside or pipe.guidance_scale <= 1 then return end
    held = pipe.guidance_scale
    pipe.guidance_scale = 1
  end,

  on_step_end = function(pipe, step, t, kwargs)
    if held then
      pipe.guidance_scale = held
      held = nil
    end
  end,
}
