--@moonstep 1
-- One picture of how the pictures came to be: what each step, or some of them, predicts as the end, side by side, and a
-- row for each picture of the batch. Saved as strip.png when the run ends, also when it is ended early. A strip of many
-- pixels is made smaller.

-- The host makes at most so many previews in a step.
local most_previews = 16
-- The strip is kept to so many pixels.
local most_pixels = 2 ^ 20

-- The columns of the strip so far, [3, height, width] each.
local columns = {}

-- Whether a step is one of `count` steps that are spread evenly, of which the last is one.
local function is_shown(step, steps, count)
  return (step + 1) * count // steps > step * count // steps
end

-- One column of at most so many pixels: the prediction of each picture, one below the other.
local function column(pipe, limit)
  local frames = {}
  local pictures = pipe.options.decode and pipe:decode(pipe.x0)
  for image = 0, math.min(pipe.batch, most_previews) - 1 do
    frames[image + 1] = pictures and pictures:select(0, image) or pipe:preview(image)
  end
  local whole = moon.cat(frames, 1)
  local height, width = whole:size(1), whole:size(2)
  local factor = math.sqrt(limit / (height * width))
  if factor >= 1 then return whole end
  return whole:resize(math.max(height * factor // 1, 1), math.max(width * factor // 1, 1), "bilinear")
end

---@type moonstep.Plugin
return {
  id = "preview_strip", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Saves one picture with what the steps predict, side by side.",
  tensor_inputs = {},
  options = {
    count = { type = "integer", default = 0, min = 0, max = 1000, help = "how many steps to show; 0 is all" },
    scale = {
      type = "integer", default = 4, min = 1, max = 32,
      help = "pixels for each latent, or for each decoded pixel, in each direction",
    },
    decode = {
      type = "boolean", default = false,
      help = "whether the whole autoencoder makes the pictures, which takes longer",
    },
    gap = { type = "integer", default = 0, min = 0, max = 16, help = "white pixels between the steps" },
  },

  on_step_end = function(pipe, step)
    local steps, count = pipe.num_timesteps, pipe.options.count
    if count == 0 or count > steps then count = steps end
    -- A run that goes back in its schedule has more steps to show.
    if is_shown(step, steps, count) and #columns < 2 * count then
      columns[#columns + 1] = column(pipe, most_pixels / count):keep()
    end
  end,

  on_run_end = function(pipe)
    if #columns == 0 then return end
    local scale, gap = pipe.options.scale, pipe.options.gap
    local height, width = columns[1]:size(1), columns[1]:size(2)
    while scale > 1 and #columns * height * width * scale ^ 2 > most_pixels do scale = scale - 1 end
    local parts = {}
    for index, frame in ipairs(columns) do
      if index > 1 and gap > 0 then parts[#parts + 1] = moon.full({ 3, height * scale, gap }, 255) end
      parts[#parts + 1] = scale > 1 and frame:resize(height * scale, width * scale) or frame
    end
    moon.save_image(moon.cat(parts, 2), "strip.png")
  end,
}
