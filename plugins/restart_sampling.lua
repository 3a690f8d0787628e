--@moonstep 1
-- Restart sampling: from a low noise level back to a high one with fresh noise, several times, which removes errors
-- that the steps before have gathered (Y. Xu et al., arXiv 2306.14878, algorithm 1). The steps of the way down are
-- those of the schedule itself.

-- Schedulers that take two steps for one, the first of which has an even number.
local goes_in_pairs = {
  HeunDiscreteScheduler = true, KDPM2DiscreteScheduler = true, KDPM2AncestralDiscreteScheduler = true,
}

-- The step to go back to, the one that begins at the low level, and how often to go back still.
local high, low, left

---@type moonstep.Plugin
return {
  id = "restart_sampling", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Goes back from a low noise level to a high one with fresh noise, several times (Restart).",
  tensor_inputs = {},
  options = {
    sigma_max = { type = "number", default = 2, min = 0, help = "the noise level to go back to, or the next below it" },
    sigma_min = {
      type = "number", default = 0.1, min = 0,
      help = "the noise level to go back from, or the next below it",
    },
    repeats = { type = "integer", default = 1, min = 0, max = 64, help = "how many times" },
  },

  on_run_begin = function(pipe)
    local options, sigmas, steps = pipe.options, pipe.sigmas, pipe.num_timesteps
    if options.sigma_min > options.sigma_max then error("sigma_min is above sigma_max", 0) end
    for index, sigma in ipairs(sigmas) do
      if not high and sigma <= options.sigma_max then high = index - 1 end
      if not low and sigma <= options.sigma_min then low = index - 1 end
    end
    low = low or steps
    high = high or steps
    if goes_in_pairs[pipe.scheduler] then
      high = high + high % 2
      low = math.min(low + low % 2, steps)
    end
    left = high < low and options.repeats or 0
    if options.repeats > 0 and left == 0 then
      moon.warn("no step lies between sigma_max and sigma_min, so there is nothing to go back for")
    end
    local total = steps + left * (low - high)
    if total > 4 * steps then
      error(("repeats: the run would take %d steps, the limit is %d"):format(total, 4 * steps), 0)
    end
  end,

  on_step_end = function(pipe, step)
    if left > 0 and step + 1 == low then
      left = left - 1
      pipe:jump_back(high)
    end
  end,
}
