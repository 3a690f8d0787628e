-- attack: cpu_declaration_keys
-- expect: error
-- why: a declaration with very many keys
local plugin = { id = "cpu_declaration_keys", version = "1", api = 1, on_step_end = function() end }
for i = 1, 60000 do plugin[("k"):rep(150) .. i] = 1 end
return plugin
