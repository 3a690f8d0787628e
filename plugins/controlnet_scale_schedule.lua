--@moonstep 1
-- Changes over the run how strongly its ControlNets count: early steps take the layout from what they follow, late ones
-- may leave it. It goes by factors of the run's own weights, one for each net; a net of weight 0 is not computed.
-- Source: arXiv 2302.05543 for the nets; `control_guidance_start` and `control_guidance_end` in diffusers are the case
-- `first=1,last=1`.

-- The run's own weights.
local own
-- The steps at which the factor is not 0.
local first, last

-- The factor at a place between the numbers of a list, which are spread evenly over the steps.
local function between(values, at)
  local position = at * (#values - 1)
  local left = math.min(math.floor(position + 1e-9), #values - 1)
  local share = position - left
  local low, high = values[left + 1], values[math.min(left + 2, #values)]
  return low + (high - low) * share
end

-- The factor at a step.
local function factor(step, options)
  if step < first or step > last then return 0 end
  local at = last > first and (step - first) / (last - first) or 0
  if options.shape == "list" then return between(options.values, at) end
  if options.shape == "cosine" then at = (1 - math.cos(math.pi * at)) / 2 end
  return options.first + (options.last - options.first) * at
end

---@type moonstep.Plugin
return {
  id = "controlnet_scale_schedule", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Changes over the run how strongly the ControlNets count.",
  tags = { "controlnet" },
  tensor_inputs = {},
  options = {
    shape = {
      type = "choice", choices = { "linear", "cosine", "list" }, default = "linear",
      help = "how the factor goes from first to last",
    },
    start = { type = "number", default = 0, min = 0, max = 1, help = "share of the steps before they count" },
    stop = { type = "number", default = 1, min = 0, max = 1, help = "share of the steps after which they do not" },
    first = { type = "number", default = 1, min = -10, max = 10, help = "factor at the first step that counts" },
    last = { type = "number", default = 0, min = -10, max = 10, help = "factor at the last step that counts" },
    values = { type = "numbers", min = -10, max = 10, help = "list: factors spread evenly, lines between" },
  },

  on_run_begin = function(pipe)
    local options, count = pipe.options, pipe.num_timesteps
    own = pipe.controlnet_scale
    if not own then error("the run has no ControlNet", 0) end
    if options.shape == "list" and not (options.values and #options.values > 0) then
      error("shape=list needs values", 0)
    end
    if options.values and options.shape ~= "list" then error("values belong to shape=list", 0) end
    if options.start >= options.stop then error("start must be less than stop", 0) end
    -- 0.58 times 50 steps is a little less than 29 in floating point.
    first, last = math.floor(count * options.start + 1e-9), math.floor(count * options.stop + 1e-9) - 1
  end,

  on_step_begin = function(pipe, step, t)
    local now = factor(step, pipe.options)
    if type(own) == "number" then
      pipe.controlnet_scale = own * now
      return
    end
    local scales = {}
    for index, scale in ipairs(own) do scales[index] = scale * now end
    pipe.controlnet_scale = scales
  end,
}
