--@moonstep 1
-- A picture of the latents after each step, by a matrix from four channels to red, green and blue.

-- For each autoencoder: a row of weights for each colour, and the colours of latents that are zero.
local matrices = {
  moonlet = {
    weights = { { -22, -97, -69, 105 }, { -42, -123, -43, 77 }, { 10, -46, -37, -23 } },
    bias = { 180, 165, 151 },
  },
  sdxl = {
    weights = { { 60, -60, 25, -70 }, { 60, -5, 15, -50 }, { 60, 10, -5, -35 } },
    bias = { 150, 140, 130 },
  },
}

---@type moonstep.Plugin
return {
  id = "latents_to_rgb", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Saves a small picture of the latents after each step.",
  tensor_inputs = { "latents" },
  options = {
    matrix = {
      type = "choice", choices = { "moonlet", "sdxl" }, default = "sdxl",
      help = "the autoencoder that the matrix belongs to",
    },
    scale = { type = "integer", default = 8, min = 1, max = 32, help = "pixels for each latent, in each direction" },
  },

  on_step_end = function(pipe, step, t, kwargs)
    local matrix, scale = matrices[pipe.options.matrix], pipe.options.scale
    local latents = kwargs.latents
    local rgb = moon.einsum("blhw,rl->brhw", latents, moon.tensor(matrix.weights))
      + moon.tensor(matrix.bias):reshape { 3, 1, 1 }
    local height, width = latents:size(2) * scale, latents:size(3) * scale
    for image = 0, pipe.batch - 1 do
      local picture = rgb:select(0, image):clamp(0, 255):resize(height, width)
      local name = pipe.batch == 1 and ("step_%03d.png"):format(step) or ("step_%03d_%d.png"):format(step, image)
      moon.save_image(picture:to_image(), name)
    end
  end,
}
