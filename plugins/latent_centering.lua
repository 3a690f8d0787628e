--@moonstep 1
-- Keeps the mean of each channel of the predicted clean latents from drifting, which shows as a colour cast or as a
-- picture that is too dark or too bright (T. A. Vass, "Explaining the SDXL latent space",
-- https://huggingface.co/blog/TimothyAlexisVass/explaining-the-sdxl-latent-space, `center_tensor`).

-- 1 for each channel that is centred, 0 for the others; [1, channels, 1, 1].
local chosen

-- The channels of an option as such a tensor.
local function channel_mask(list, channels)
  if not list then return moon.ones { 1, channels, 1, 1 } end
  local mask = moon.zeros { 1, channels, 1, 1 }
  for _, channel in ipairs(list) do
    if channel ~= math.floor(channel) or channel >= channels then
      error(("channels: there is no channel %g, they are 0 to %d"):format(channel, channels - 1), 0)
    end
    mask:set(1, 0, math.floor(channel), 0, 0)
  end
  return mask
end

---@type moonstep.Plugin
return {
  id = "latent_centering", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Keeps the mean of each channel of the predicted picture near zero.",
  tensor_inputs = { "latents" },
  options = {
    channel_shift = {
      type = "number", default = 1, min = 0, max = 1,
      help = "share of each channel's mean that is taken away",
    },
    full_shift = {
      type = "number", default = 0, min = 0, max = 1,
      help = "share of the mean of all channels that is taken away then",
    },
    channels = { type = "numbers", min = 0, help = "the channels of channel_shift, from 0; all without it" },
    start = {
      type = "number", default = 0, min = 0, max = 1,
      help = "share of the steps before the first that is centred",
    },
    stop = { type = "number", default = 0.5, min = 0, max = 1, help = "share of the steps after which none is" },
  },

  on_step_end = function(pipe, step, t, kwargs)
    local options, steps = pipe.options, pipe.num_timesteps
    -- 0.58 times 50 steps is a little less than 29 in floating point.
    if step < math.floor(options.start * steps + 1e-9) or step >= math.floor(options.stop * steps + 1e-9) then
      return nil
    end
    if options.channel_shift == 0 and options.full_shift == 0 then return nil end
    local clean = pipe.x0
    chosen = chosen or channel_mask(options.channels, clean:size(1)):keep()
    local centred = clean - options.channel_shift * chosen * clean:mean({ 2, 3 }, true)
    centred = centred - options.full_shift * centred:mean({ 1, 2, 3 }, true)
    -- The noise in the latents stays; the clean part of them moves.
    kwargs.latents = kwargs.latents + pipe.signal_next * (centred - clean)
    return kwargs
  end,
}
