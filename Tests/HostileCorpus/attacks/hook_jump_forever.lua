-- attack: hook_jump_forever
-- expect: error
-- why: jumps back to the first step in every step: a run takes at most four times its steps
return { id = "hook_jump_forever", version = "1", api = 1, on_step_end = function(pipe) pipe:jump_back(0) end }
