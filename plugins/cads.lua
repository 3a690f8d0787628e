--@moonstep 1
-- Condition-annealed diffusion sampling: noise on the prompt's embeddings, strong at the start and none at the end,
-- makes the pictures of one prompt differ more (S. Sadat et al., arXiv 2310.17347, algorithm 1 and section 3).
-- The time runs from 1 at pure noise to 0; the mean and the deviation that are kept are those of each picture's own
-- embedding.

-- By name: the embedding without noise, and the one with noise that is in place.
local clean, noised = {}, {}

-- The share of the condition at a time: 0 above tau2, 1 below tau1.
local function gamma(time, tau1, tau2)
  if time <= tau1 then return 1 end
  if time >= tau2 then return 0 end
  return (tau2 - time) / (tau2 - tau1)
end

-- An embedding with its noise, `psi` of it brought back to the mean and the deviation that it had.
local function anneal(embedding, share, options)
  local dims = {}
  for dim = 1, embedding.ndim - 1 do dims[dim] = dim end
  local result = math.sqrt(share) * embedding
    + options.noise_scale * math.sqrt(1 - share) * moon.randn(embedding.shape)
  if options.psi == 0 then return result end
  local rescaled = (result - result:mean(dims, true)) / result:std(dims, true) * embedding:std(dims, true)
    + embedding:mean(dims, true)
  return options.psi * rescaled + (1 - options.psi) * result
end

-- The last rows of a tensor of the run: what is wanted, whether guidance is on or off.
local function last_rows(tensor, rows) return tensor:narrow(0, tensor:size(0) - rows, rows) end

---@type moonstep.Plugin
return {
  id = "cads", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "More different pictures of one prompt: noise on its embeddings that fades away (CADS).",
  options = {
    tau1 = {
      type = "number", default = 0.6, min = 0, max = 1,
      help = "time, from 1 down to 0, from which on the prompt is whole",
    },
    tau2 = { type = "number", default = 0.9, min = 0, max = 1, help = "time down to which it is noise alone" },
    noise_scale = { type = "number", default = 0.25, min = 0, max = 10, help = "deviation of the noise" },
    psi = {
      type = "number", default = 1, min = 0, max = 1,
      help = "share that is brought back to the mean and deviation it had",
    },
    negative = { type = "boolean", default = false, help = "whether the negative prompt is annealed too" },
  },

  on_run_begin = function(pipe)
    if pipe.options.tau1 > pipe.options.tau2 then error("tau1 is above tau2", 0) end
  end,

  on_step_begin = function(pipe, step, t, kwargs)
    local options = pipe.options
    local share = gamma(t / 1000, options.tau1, options.tau2)
    if share == 1 and not next(noised) then return nil end
    local names = { "prompt_embeds", "add_text_embeds" }
    if options.negative then
      names[3], names[4] = "negative_prompt_embeds", "negative_pooled_prompt_embeds"
    end
    local changed = {}
    for _, name in ipairs(names) do
      if kwargs[name] then
        local present = last_rows(kwargs[name], pipe.batch)
        -- Another plugin may have set another prompt meanwhile.
        local is_mine = noised[name] and (present - noised[name]):abs():max():item() == 0
        if not is_mine then clean[name] = present:keep() end
        if share < 1 then
          noised[name] = anneal(clean[name], share, options):keep()
          changed[name] = noised[name]
        else
          if is_mine then changed[name] = clean[name] end
          noised[name] = nil
        end
      end
    end
    return changed
  end,
}
