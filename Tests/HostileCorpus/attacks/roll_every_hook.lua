-- attack: roll_every_hook
-- expect: harmless
-- why: each hook changes what it can and then fails: what it changed is undone, and the picture is that of a run without the plugin
-- args: --on-plugin-error disable
-- image: same (as without the plugin)
-- cases: 5 (the number after "local case =" runs from 1 to 5)
local case = 1
local function change(pipe, step)
  pipe.guidance_scale, pipe.guidance_rescale = 31, 0.9
  pipe.interrupt = true
  pipe:set_prompt(pipe:encode("something else", "another thing"))
  if step then pcall(pipe.jump_back, pipe, 0) end
  pcall(function() local s = pipe.sigmas s[2] = s[1] * 0.99 pipe:set_sigmas(s) end)
  moon.save_image(moon.zeros { 1, 2, 2 }, "left.png")
  error("and now it fails")
end
local hooks = {
  { on_run_begin = function(pipe) change(pipe) end }, { on_step_begin = function(pipe, step) if step == 1 then change(pipe, step) end end },
  { on_guidance = function(pipe, step, t, noise) noise.pred:fill_(3) change(pipe, step) end },
  { on_step_end = function(pipe, step, t, kwargs) kwargs.latents:fill_(5) change(pipe, step) end }, { on_run_end = function(pipe) change(pipe) end },
}
local plugin = hooks[case]
plugin.id, plugin.version, plugin.api = "roll_every_hook", "1", 1
return plugin
