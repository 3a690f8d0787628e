--@moonstep 1
-- Strengthens the fine structure of the predicted clean latents while details form: unsharp masking of x0, with what
-- a Gaussian filter takes away or with the frequencies above a limit.
-- FreeU (arXiv 2309.11497) does the like inside of the UNet, between its skip connections and its backbone; no plugin
-- reaches there.

-- 1 for the frequencies above the limit, 0 for the others; [height, width, 1].
local high

-- Distance from frequency 0, in units of the highest, of each index of a transform.
local function frequencies(size)
  local list = {}
  for index = 0, size - 1 do list[index + 1] = 2 * math.min(index, size - index) / size end
  return moon.tensor(list)
end

-- The frequencies above `cutoff` of the last two dimensions.
local function high_mask(height, width, cutoff)
  local vertical, horizontal = frequencies(height):reshape { height, 1 }, frequencies(width):reshape { 1, width }
  return (vertical ^ 2 + horizontal ^ 2):gt(cutoff ^ 2):unsqueeze(-1)
end

---@type moonstep.Plugin
return {
  id = "detail_boost", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Strengthens the fine structure of the predicted picture in a stretch of the steps.",
  tensor_inputs = { "latents" },
  options = {
    strength = {
      type = "number", default = 0.1, min = -1, max = 10,
      help = "share of the fine structure that is added; below 0 softens",
    },
    method = {
      type = "choice", choices = { "blur", "fft" }, default = "blur",
      help = "what counts as fine: what a blur takes away, or high frequencies",
    },
    radius = { type = "number", default = 1, min = 0, max = 64, help = "of the blur, in latents" },
    cutoff = {
      type = "number", default = 0.5, min = 0, max = 2,
      help = "for fft: lowest frequency that counts as fine, 1 is the highest along an axis",
    },
    start = {
      type = "number", default = 0.2, min = 0, max = 1,
      help = "share of the steps before the first that is changed",
    },
    stop = { type = "number", default = 0.8, min = 0, max = 1, help = "share of the steps after which none is" },
  },

  on_step_end = function(pipe, step, t, kwargs)
    local options, steps = pipe.options, pipe.num_timesteps
    -- 0.58 times 50 steps is a little less than 29 in floating point.
    if step < math.floor(options.start * steps + 1e-9) or step >= math.floor(options.stop * steps + 1e-9) then
      return nil
    end
    if options.strength == 0 then return nil end
    local clean = pipe.x0
    local fine
    if options.method == "blur" then
      fine = clean - clean:blur(options.radius)
    else
      high = high or high_mask(clean:size(2), clean:size(3), options.cutoff):keep()
      fine = (clean:fft2() * high):ifft2():select(-1, 0)
    end
    -- The noise in the latents stays; the clean part of them changes.
    kwargs.latents = kwargs.latents + pipe.signal_next * options.strength * fine
    return kwargs
  end,
}
