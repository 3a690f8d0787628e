-- attack: hook_prompt_handles
-- expect: error
-- why: prompt handles in the wrong places, and tensors of wrong shapes or with NaN in them
-- cases: 14 (the number after "local case =" runs from 1 to 14)
local case = 1
return {
  id = "hook_prompt_handles", version = "1", api = 1,
  on_run_begin = function(pipe)
    local prompt = pipe:encode("a", "b")
    local embeds = prompt.prompt_embeds
    local operation = {
      function() prompt.prompt_embeds = embeds:narrow(1, 0, 1) end, function() prompt.prompt_embeds = embeds / 0 end, function() prompt.prompt_embeds = prompt end,
      function() prompt.pooled_prompt_embeds = embeds end, function() pipe:set_prompt(embeds) end, function() pipe:set_prompt(pipe) end, function() return prompt + 1 end,
      function() return moon.cat { prompt } end, function() return prompt:keep() end, function() moon.save_image(prompt, "a.png") end, function() prompt.text = "x" end,
      function() pipe:encode(prompt) end, function() prompt.negative_prompt_embeds = embeds:expand { 1 << 10, 77, 32 } end, function() return #prompt end,
    }
    operation[case]()
    error("ESCAPED: nothing was wrong", 0)
  end,
}
