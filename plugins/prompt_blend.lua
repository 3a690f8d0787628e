--@moonstep 1
-- From one prompt to another over the run. Each token's vector turns from the first prompt's to the second's: on a
-- great circle (slerp: K. Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985), or straight (lerp).

-- The embeddings of both ends by their names in kwargs, and the weight of the second that is in place.
local from, to, current

-- Turns `a` to `b` by the share `weight` of the angle between them, along the last dimension.
local function slerp(a, b, weight)
  local length_a, length_b = a:norm(-1, true), b:norm(-1, true)
  local cosine = (a * b):sum(-1, true) / (length_a * length_b):clamp(1e-20)
  local angle = cosine:clamp(-1, 1):acos()
  local sine = angle:sin():clamp(1e-6)
  local turned = ((1 - weight) * angle):sin() / sine * a + (weight * angle):sin() / sine * b
  -- Between vectors of nearly one direction, or of opposite ones, there is no one great circle.
  return moon.where(cosine:abs():gt(0.9995), a:lerp(b, weight), turned)
end

-- The share of the way that a step has gone.
local function share(options, step, steps)
  local position = steps > 1 and step / (steps - 1) or 1
  local span = options.stop - options.start
  local way = span > 0 and (position - options.start) / span or (position >= options.start and 1 or 0)
  way = math.min(math.max(way, 0), 1)
  if options.curve == "cosine" then way = (1 - math.cos(math.pi * way)) / 2 end
  return way * options.amount
end

---@type moonstep.Plugin
return {
  id = "prompt_blend", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Blends one prompt into another over the run.",
  options = {
    to = { type = "string", required = true, example = "a blue car", help = "the prompt to end with" },
    from = { type = "string", help = "the prompt to start with; the run's own without it" },
    amount = { type = "number", default = 1, min = 0, max = 1, help = "share of `to` at the end" },
    mode = {
      type = "choice", choices = { "slerp", "lerp" }, default = "slerp",
      help = "on a great circle, or straight",
    },
    curve = { type = "choice", choices = { "linear", "cosine" }, default = "linear", help = "how the share grows" },
    start = { type = "number", default = 0, min = 0, max = 1, help = "share of the run before the blend starts" },
    stop = { type = "number", default = 1, min = 0, max = 1, help = "share of the run at which it is complete" },
  },

  on_run_begin = function(pipe)
    local options = pipe.options
    if options.start > options.stop then error("start is after stop", 0) end
  end,

  on_step_begin = function(pipe, step, t, kwargs)
    local options = pipe.options
    local weight = share(options, step, pipe.num_timesteps)
    if not from then
      -- What is wanted are the last rows, whether guidance is on or off.
      local function wanted(tensor)
        return tensor and tensor:narrow(0, tensor:size(0) - pipe.batch, pipe.batch):keep()
      end
      from = { prompt_embeds = wanted(kwargs.prompt_embeds), add_text_embeds = wanted(kwargs.add_text_embeds) }
      local function encoded(prompt)
        local handle = pipe:encode(prompt)
        local pooled = handle.pooled_prompt_embeds
        return { prompt_embeds = handle.prompt_embeds:keep(), add_text_embeds = pooled and pooled:keep() }
      end
      if options.from then
        from = encoded(options.from)
        current = -1
      else
        current = 0
      end
      to = encoded(options.to)
    end
    if weight == current then return nil end
    current = weight
    local blended = {}
    for name, first in pairs(from) do
      local second = to[name]
      blended[name] = options.mode == "slerp" and slerp(first, second, weight) or first:lerp(second, weight)
    end
    return blended
  end,
}
