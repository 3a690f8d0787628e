-- attack: life_kept_alias
-- expect: harmless
-- why: returns a tensor of equal numbers, keeps it, and writes into it in the next hook: the run has a copy of its own
-- image: same (as without the plugin)
local mine
return {
  id = "life_kept_alias", version = "1", api = 1, tensor_inputs = { "latents" },
  on_step_begin = function() if mine then mine:fill_(1e9) end end,
  on_step_end = function(pipe, step, t, kwargs)
    mine = kwargs.latents:clone():keep()
    return { latents = mine }
  end,
  on_run_end = function() mine:fill_(-1e9) end,
}
