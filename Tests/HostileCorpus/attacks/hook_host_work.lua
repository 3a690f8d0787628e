-- attack: hook_host_work
-- expect: error
-- why: work that the host does for a plugin outside of its time, asked for without end: each kind is counted, or ends with the time
-- cases: 8 (the number after "local case =" runs from 1 to 8)
local case = 1
return {
  id = "hook_host_work", version = "1", api = 1,
  on_run_begin = function(pipe)
    local prompt, start = pipe:encode("a", "b"), pipe.sigmas
    local operation = {
      function() pipe:set_prompt(prompt) end, function() pipe:set_sigmas(start) end, function() prompt.prompt_embeds = prompt.prompt_embeds end,
      function() return pipe:encode("x") end, function() return pipe:encode(("word "):rep(1900)) end, function() return pipe.noise end, function() return pipe.timesteps end,
      function() pipe.guidance_scale = 3 end,
    }
    while true do operation[case]() end
  end,
}
