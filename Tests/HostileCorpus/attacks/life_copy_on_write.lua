-- attack: life_copy_on_write
-- expect: harmless
-- why: writes into every tensor that it can reach, and into views of them, and returns nothing: the run must not notice
-- image: same (as without the plugin)
local function scribble(t)
  if t == nil then return end
  pcall(function() t:fill_(7) end)
  pcall(function() t:mul_(-3) end)
  pcall(function() t:select(0, 0):fill_(9) end)
  pcall(function() t:reshape { -1 }:set(1e30, 0) end)
  pcall(function() t:transpose(0, 1):copy_(moon.full({ 1 }, 4)) end)
  pcall(function() local a, b = t:chunk(2) a:add_(5) b:add_(5) end)
  pcall(function() t:unsqueeze(0):squeeze():add_(2) end)
end
return {
  id = "life_copy_on_write", version = "1", api = 1,
  on_run_begin = function(pipe) scribble(pipe.noise) scribble(pipe.image_latents) end,
  on_step_begin = function(pipe) scribble(pipe.x0) scribble(pipe.noise) end,
  on_guidance = function(pipe, step, t, noise) scribble(noise.cond) scribble(noise.uncond) scribble(noise.pred) scribble(noise.x) end,
  on_step_end = function(pipe, step, t, kwargs)
    for _, tensor in pairs(kwargs) do scribble(tensor) end
    scribble(pipe.x0)
  end,
}
