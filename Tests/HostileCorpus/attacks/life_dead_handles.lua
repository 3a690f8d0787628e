-- attack: life_dead_handles
-- expect: error
-- why: every use of a tensor whose hook has returned, then the dead one as a result
local old = {}
return function(pipe, step, t, kwargs)
  if step == 0 then
    old = { kwargs.latents, kwargs.latents + 1, moon.zeros { 2 }, kwargs.latents:select(0, 0) }
    return
  end
  for _, dead in ipairs(old) do
    for _, use in ipairs {
      function() return dead + 1 end, function() return -dead end, function() return #dead end, function() return dead.shape end,
      function() return dead:keep() end, function() return dead:fill_(0) end, function() return dead:set(1, 0) end, function() return kwargs.latents:copy_(dead) end,
      function() return moon.cat { kwargs.latents, dead } end, function() return kwargs.latents + dead end, function() return pipe:decode(dead) end,
      function() return moon.save_image(dead, "a.png") end, function() return moon.where(dead, 1, 2) end, function() return dead:clone() end,
    } do
      if pcall(use) then error("ESCAPED: a dead tensor was used", 0) end
    end
    if tostring(dead) ~= "tensor (no longer valid)" then error("ESCAPED: " .. tostring(dead), 0) end
  end
  return { latents = old[1] }
end
