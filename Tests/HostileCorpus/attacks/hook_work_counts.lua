-- attack: hook_work_counts
-- expect: error
-- why: previews, pictures of the decoder and jumps in every step, as many as it can ask for
-- cases: 4 (the number after "local case =" runs from 1 to 4)
local case = 1
return function(pipe, step, t, kwargs)
  local operation = {
    function() return pipe:preview(0) end, function() return pipe:decode(kwargs.latents) end, function() return pipe:jump_back(0) end,
    function() pcall(pipe.decode, pipe, kwargs.latents) pcall(pipe.preview, pipe, 0) end,
  }
  while true do operation[case]() end
end
