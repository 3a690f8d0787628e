--@moonstep 1
-- A guidance weight that changes over the run, where plain guidance keeps one number: strong while the layout forms and
-- weak for the details, or the other way round. Steps whose weight is 1 or less cost half.
-- Source: arXiv 2404.13040, which compares such curves; `drop` is the cut-off of the diffusers callbacks guide.

-- The weight of the first step, where the options leave it to the run.
local own

-- A number from the start of the run to its end, 0 to 1.
local function place(step, count) return count > 1 and step / (count - 1) or 0 end

-- The weight at a place between the numbers of a list, which are spread evenly over the run.
local function between(values, at)
  local position = at * (#values - 1)
  local left = math.min(math.floor(position + 1e-9), #values - 1)
  local share = position - left
  local low, high = values[left + 1], values[math.min(left + 2, #values)]
  return low + (high - low) * share
end

---@type moonstep.Plugin
return {
  id = "guidance_schedule", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Changes the guidance weight over the run: along a line, a cosine or a list, or in one drop.",
  tags = { "guidance" },
  tensor_inputs = {},
  options = {
    shape = {
      type = "choice", choices = { "linear", "cosine", "list", "drop" }, default = "linear",
      help = "how the weight goes from first to last",
    },
    first = { type = "number", min = 0, max = 100, help = "weight at the first step; that of the run without it" },
    last = { type = "number", default = 1, min = 0, max = 100, help = "weight at the last step" },
    drop_at = {
      type = "number", default = 0.5, min = 0, max = 1, help = "drop: share of the steps before the last weight",
    },
    values = { type = "numbers", min = 0, max = 100, help = "list: weights spread evenly over the run, lines between" },
  },

  on_run_begin = function(pipe)
    local options = pipe.options
    if options.shape == "list" and not (options.values and #options.values > 0) then
      error("shape=list needs values", 0)
    end
    if options.values and options.shape ~= "list" then error("values belong to shape=list", 0) end
    own = options.first or pipe.guidance_scale
  end,

  on_step_begin = function(pipe, step, t)
    local options, count = pipe.options, pipe.num_timesteps
    local at = place(step, count)
    if options.shape == "list" then
      pipe.guidance_scale = between(options.values, at)
    elseif options.shape == "drop" then
      -- 0.58 times 50 steps is a little less than 29 in floating point.
      pipe.guidance_scale = step < math.floor(count * options.drop_at + 1e-9) and own or options.last
    elseif options.shape == "cosine" then
      pipe.guidance_scale = own + (options.last - own) * (1 - math.cos(math.pi * at)) / 2
    else
      pipe.guidance_scale = own + (options.last - own) * at
    end
  end,
}
