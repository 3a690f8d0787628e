--@moonstep 1
-- CFG++: a step goes to the guided clean latents, but the noise that is put back is that of the prediction for the
-- negative prompt, so the run stays where the model knows its way and weights of 1 and less are enough.
-- Source: arXiv 2406.08070. A step of DDIM or Euler from the clean latents x0 and the level s to the level r * s is
-- (1 - r) * x0 + r * x, so CFG++ with the weight w is plain guidance with the weight w / (1 - r) there, which is what
-- this computes; with fresh noise r is that of the part of the step without it. Other schedulers look at earlier
-- steps, whose predictions would then disagree: they are refused. The clean latents that other plugins see are those
-- of that higher weight.

-- How much of each step's noise is fresh, by scheduler; nil for those that do not fit.
local function freshness(pipe)
  local shares = {
    DDIMScheduler = pipe.eta, DDPMScheduler = 1, EulerDiscreteScheduler = 0, EulerAncestralDiscreteScheduler = 1,
  }
  return shares[pipe.scheduler]
end

---@type moonstep.Plugin
return {
  id = "cfg_plus_plus", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Guidance that puts back the noise of the unguided prediction (CFG++), with DDIM, DDPM and both Eulers.",
  tags = { "guidance" },
  tensor_inputs = {},
  options = {
    scale = {
      type = "number", default = 0.6, min = 0, max = 10, help = "weight in place of the run's: 1 is strong, 0 is none",
    },
  },

  on_run_begin = function(pipe)
    if not freshness(pipe) then
      error(("cfg_plus_plus fits the schedulers ddim, ddpm, euler and euler-a, not %s"):format(pipe.scheduler), 0)
    end
    if pipe.guidance_scale <= 1 then
      error("cfg_plus_plus needs guidance to be on: give a guidance scale above 1; its weight is the option scale", 0)
    end
  end,

  on_guidance = function(pipe, step, t, noise)
    local fresh, ratio = freshness(pipe), pipe.sigma_next / pipe.sigma
    -- Without any signal, at an infinite level that is given as 4096, nothing of the latents is kept.
    if pipe.sigma >= 4096 and not pipe.scheduler:find("^Euler") then ratio = 0 end
    local kept = ratio * math.sqrt(1 - fresh * fresh * (1 - ratio * ratio))
    return noise.uncond + pipe.options.scale / (1 - kept) * (noise.cond - noise.uncond)
  end,
}
