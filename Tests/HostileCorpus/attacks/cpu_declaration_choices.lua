-- attack: cpu_declaration_choices
-- expect: error
-- why: options that share megabytes of choices
local choices, options = {}, {}
for i = 1, 250 do choices[i] = ("x"):rep(4000) .. i end
for i = 1, 250 do options["o" .. i] = { type = "choice", choices = choices } end
return { id = "cpu_declaration_choices", version = "1", api = 1, options = options, on_step_end = function() end }
