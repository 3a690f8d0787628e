--@moonstep 1
-- Adds fresh noise after chosen steps, in proportion to the noise that is still in the latents: more texture, and other
-- details of the same composition. One step of it is the churn of T. Karras et al., arXiv 2206.00364, algorithm 2, but
-- the schedule is not told: the model removes what it can of the noise that is too much.

-- Whether noise is added after a step, counted from 0.
local function is_chosen(options, step, steps)
  if options.steps then
    for _, chosen in ipairs(options.steps) do
      if chosen == step then return true end
    end
    return false
  end
  -- 0.58 times 50 steps is a little less than 29 in floating point.
  local first, last = math.floor(options.start * steps + 1e-9), math.floor(options.stop * steps + 1e-9)
  return step >= first and step < last and (step - first) % options.every == 0
end

---@type moonstep.Plugin
return {
  id = "noise_injection", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Adds fresh noise after chosen steps, in proportion to the noise that is left.",
  tensor_inputs = { "latents" },
  options = {
    strength = {
      type = "number", default = 0.2, min = 0, max = 10,
      help = "deviation of the added noise, as a share of the noise that is left",
    },
    start = {
      type = "number", default = 0, min = 0, max = 1,
      help = "share of the steps before the first that adds noise",
    },
    stop = { type = "number", default = 0.6, min = 0, max = 1, help = "share of the steps after which none is added" },
    every = { type = "integer", default = 1, min = 1, help = "noise after every so many steps" },
    steps = { type = "numbers", min = 0, help = "the steps themselves, from 0, in place of start, stop and every" },
  },

  on_step_end = function(pipe, step, t, kwargs)
    local options = pipe.options
    if options.strength == 0 or not is_chosen(options, step, pipe.num_timesteps) then return nil end
    local left = pipe.signal_next * pipe.sigma_next
    if left == 0 then return nil end
    kwargs.latents = kwargs.latents + options.strength * left * moon.randn(kwargs.latents.shape)
    return kwargs
  end,
}
