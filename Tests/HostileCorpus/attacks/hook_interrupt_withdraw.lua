-- attack: hook_interrupt_withdraw
-- expect: harmless
-- why: asks for the end of the run and takes it back, again and again: only its own request counts
-- image: same (as without the plugin)
return {
  id = "hook_interrupt_withdraw", version = "1", api = 1,
  on_run_begin = function(pipe) pipe.interrupt = true pipe.interrupt = false end,
  on_step_begin = function(pipe) for _ = 1, 1000 do pipe.interrupt = true pipe._interrupt = false end end,
  on_step_end = function(pipe) pipe.interrupt = true pipe.interrupt = false end,
}
