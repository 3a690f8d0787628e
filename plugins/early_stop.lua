--@moonstep 1
-- Ends the run once the picture stands: when the clean latents that the model points to move so slowly that they would
-- not get far in the steps left, these cost time and change little. The picture is then made of these clean latents.
-- Schedulers whose clean latents swing to and fro, as those of PNDM do at high guidance, let it stop late or never.
-- Source: the stopping rule of fixed-point iterations; the diffusers callbacks guide interrupts by step instead.

-- The clean latents of the step before, and the steps in a row after which they would not get far.
local before, still

-- How far each picture moved, in units of its own size; the greatest of all pictures.
local function movement(now)
  local rest = { 1, 2, 3 }
  return ((now - before):norm(rest) / now:norm(rest):clamp(1e-12, nil)):max():item()
end

-- Clean latents, with what an inpainting run keeps of its picture put back, as each of its steps ends.
local function finished(pipe, kwargs)
  local clean = pipe.x0
  if not kwargs.mask or kwargs.masked_image_latents or not pipe.image_latents then return clean end
  local mask = kwargs.mask:narrow(0, #kwargs.mask - pipe.batch, pipe.batch)
  return pipe.image_latents:lerp(clean, mask)
end

---@type moonstep.Plugin
return {
  id = "early_stop", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Ends the run once the predicted picture has stopped moving.",
  tags = { "speed" },
  options = {
    threshold = {
      type = "number", default = 0.3, min = 0, max = 100,
      help = "how far, in units of its size, a picture may still get at the speed of its last step",
    },
    patience = { type = "integer", default = 2, min = 1, help = "steps in a row for which that must hold" },
    start = { type = "number", default = 0.25, min = 0, max = 1, help = "share of the steps before it may end" },
    finish = {
      type = "boolean", default = true, help = "whether the clean latents are taken, or those with noise left",
    },
  },

  on_run_begin = function(pipe) before, still = nil, 0 end,

  on_step_end = function(pipe, step, t, kwargs)
    local count = pipe.num_timesteps
    local left = count - step - 1
    local far = before and movement(pipe.x0) * left or math.huge
    before = pipe.x0:keep()
    still = far < pipe.options.threshold and still + 1 or 0
    if still < pipe.options.patience or step + 1 < count * pipe.options.start or left == 0 then return nil end
    print(("the picture stands: %d of %d steps were enough"):format(step + 1, count))
    pipe.interrupt = true
    if pipe.options.finish then return { latents = finished(pipe, kwargs) } end
  end,
}
