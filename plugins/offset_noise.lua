--@moonstep 1
-- Shifts each channel of the first noise as a whole, by a random amount or by a given one: pictures that are darker or
-- brighter, or tinted, as a whole (N. Guttenberg, "Diffusion with offset noise",
-- https://www.crosslabs.org/blog/diffusion-with-offset-noise, at the start of a run in place of the training).

---@type moonstep.Plugin
return {
  id = "offset_noise", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Shifts each channel of the first noise as a whole.",
  tensor_inputs = { "latents" },
  options = {
    strength = {
      type = "number", default = 0.1, min = 0, max = 10,
      help = "deviation of the random shift of each channel",
    },
    offsets = { type = "numbers", help = "a fixed shift for each channel, added to the random one" },
  },

  on_step_begin = function(pipe, step, t, kwargs)
    local strength, offsets = pipe.options.strength, pipe.options.offsets
    if step > 0 or strength == 0 and not offsets then return nil end
    local latents = kwargs.latents
    local channels = latents:size(1)
    local shift = moon.zeros { 1, channels, 1, 1 }
    if strength > 0 then shift = shift + strength * moon.randn { pipe.batch, channels, 1, 1 } end
    if offsets then
      if #offsets ~= channels then
        error(("offsets: %d numbers, but the latents have %d channels"):format(#offsets, channels), 0)
      end
      shift = shift + moon.tensor(offsets):reshape { 1, channels, 1, 1 }
    end
    kwargs.latents = latents + pipe.signal * pipe.sigma * shift
    return kwargs
  end,
}
