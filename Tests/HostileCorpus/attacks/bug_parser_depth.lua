-- attack: bug_parser_depth
-- expect: error
-- why: every nesting the parser knows, at the depth of its limit and beyond
return function(pipe, step, t, kwargs)
  for _, n in ipairs { 150, 190, 199, 200, 201, 250, 5000 } do
    for _, part in ipairs { { "(", ")" }, { "{", "}" }, { "-", "" }, { "not ", "" }, { "#", "" }, { "~", "" }, { "1 + (", ")" }, { "1 .. ", "" }, { "2 ^ ", "" }, { "a[", "]" }, { "f(", ")" }, { "f{", "}" } } do
      load("return " .. part[1]:rep(n) .. "1" .. part[2]:rep(n))
    end
    for _, part in ipairs { { "do ", " end" }, { "while 1 do ", " end" }, { "if 1 then ", " end" }, { "repeat ", " until 1" }, { "for i = 1, 1 do ", " end" }, { "local function f() ", " end" }, { "function f() ", " end" } } do
      load(part[1]:rep(n) .. part[2]:rep(n))
    end
  end
  error(select(2, load(("("):rep(250))))
  return kwargs
end
