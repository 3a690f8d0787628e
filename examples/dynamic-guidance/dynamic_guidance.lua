-- Turns guidance off after 40 % of the steps.
return function(pipe, step, t, kwargs)
  if step == math.floor(pipe.num_timesteps * 0.4) then
    -- The rows are what is not wanted, then what is; without guidance the model sees the latter alone.
    local _, prompt_embeds = kwargs.prompt_embeds:chunk(2)
    pipe._guidance_scale = 0.0
    kwargs.prompt_embeds = prompt_embeds
  end
  return kwargs
end
