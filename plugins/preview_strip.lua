--@moonstep 1
-- One picture of how the pictures came to be: what each step, or some of them, predicts as the end, side by side, and a
-- row for each picture of the batch. Saved as strip.png when the run ends, also when it is ended early.

-- The host makes at most so many previews in a step, and saves pictures of at most so many pixels.
local most_previews, most_pixels = 16, 2 ^ 24

-- The columns of the strip so far, [3, height, width] each.
local columns = {}

-- Whether a step is one of `count` steps that are spread evenly, of which the last is one.
local function is_shown(step, steps, count)
  if count == 0 or count >= steps then return true end
  return (step + 1) * count // steps > step * count // steps
end

-- One column: the prediction of each picture, one below the other.
local function column(pipe, decodes)
  local frames = {}
  local pictures = decodes and pipe:decode(pipe.x0)
  for image = 0, math.min(pipe.batch, most_previews) - 1 do
    frames[image + 1] = pictures and pictures:select(0, image) or pipe:preview(image)
  end
  return moon.cat(frames, 1)
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
    gap = { type = "integer", default = 0, min = 0, max = 64, help = "white pixels between the steps" },
  },

  on_step_end = function(pipe, step)
    if is_shown(step, pipe.num_timesteps, pipe.options.count) then
      columns[#columns + 1] = column(pipe, pipe.options.decode):keep()
    end
  end,

  on_run_end = function(pipe)
    if #columns == 0 then return end
    local scale, gap = pipe.options.scale, pipe.options.gap
    local height, width = columns[1]:size(1), columns[1]:size(2)
    local function pixels(factor) return height * factor * (#columns * (width * factor + gap) - gap) end
    while scale > 1 and pixels(scale) > most_pixels do scale = scale - 1 end
    local parts = {}
    for index, frame in ipairs(columns) do
      if index > 1 and gap > 0 then parts[#parts + 1] = moon.full({ 3, height * scale, gap }, 255) end
      parts[#parts + 1] = frame:resize(height * scale, width * scale)
    end
    local strip = moon.cat(parts, 2)
    if strip:size(1) * strip:size(2) > most_pixels then
      local factor = math.sqrt(most_pixels / (strip:size(1) * strip:size(2)))
      strip = strip:resize(math.floor(strip:size(1) * factor), math.floor(strip:size(2) * factor), "bilinear")
      print("warning: strip.png is made smaller, to the most pixels that a picture may have")
    end
    moon.save_image(strip:to_image(), "strip.png")
  end,
}
