-- attack: cpu_declaration_marks
-- expect: error
-- why: a declaration with keys of combining marks, which take quadratic time to compare as texts
local marks = ("\u{301}\u{316}"):rep(200000)
return {
  id = "cpu_declaration_marks", version = "1", api = 1, [marks] = 1, [marks .. "a"] = 1,
  options = { [marks] = { type = marks } }, on_step_end = function() end,
}
