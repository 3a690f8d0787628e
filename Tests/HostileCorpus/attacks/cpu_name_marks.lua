-- attack: cpu_name_marks
-- expect: error
-- why: names of fields, options, modes, files and tensors as long runs of combining marks, which take quadratic time to compare as texts
return {
  id = "cpu_name_marks", version = "1", api = 1, options = { a = { type = "number" } },
  on_step_end = function(pipe, step, t, kwargs)
    for _, marks in ipairs { ("\u{301}\u{316}"):rep(300000), ("\u{301}"):rep(600000), "a" .. ("\u{316}\u{301}"):rep(60) } do
      pcall(function() return pipe[marks] end)
      pcall(function() pipe[marks] = 1 end)
      pcall(function() return pipe.options[marks] end)
      pcall(function() return kwargs.latents[marks] end)
      pcall(function() return kwargs[marks] end)
      pcall(function() return moon[marks] end)
      pcall(function() return pipe:encode("a")[marks] end)
      pcall(function() return pipe:encode(marks) end)
      pcall(function() return moon.zeros { 3, 2, 2 }:to_image()[marks] end)
      pcall(function() return kwargs.latents:resize(1, 1, marks) end)
      pcall(function() return moon.einsum(marks, kwargs.latents) end)
      pcall(function() moon.save_image(moon.zeros { 3, 2, 2 }, marks) end)
      pcall(function() moon.save_image(moon.zeros { 3, 2, 2 }, marks .. ".png") end)
      pcall(function() moon.log(marks:sub(1, 4000)) end)
    end
    return { [("\u{301}\u{316}"):rep(300000)] = kwargs.latents }
  end,
}
