-- attack: cpu_warn_marks
-- expect: error
-- why: many different warnings of combining marks, which take quadratic time to compare as texts, and no end of them
local marks = ""
for _, mark in ipairs { "\u{345}", "\u{35d}", "\u{35c}", "\u{315}", "\u{300}", "\u{316}", "\u{31b}" } do
  marks = marks .. mark:rep(290)
end
return function(pipe, step)
  for i = 1, 34 do moon.warn(string.char(40 + i) .. marks) end
  while true do moon.warn("z" .. marks) end
end
