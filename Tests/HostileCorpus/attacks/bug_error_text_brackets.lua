-- attack: bug_error_text_brackets
-- expect: timeout
-- why: the same with brackets, parentheses and comments between the links
return function(pipe, step, t, kwargs)
  local x = {}
  x.b = x
  local sources = {
    "local t, b = ..., 'b' return t" .. ("[b]"):rep(20000) .. " + 1",
    "local t = ... return " .. ("("):rep(150) .. "t" .. (".b"):rep(60) .. (")" .. (".b"):rep(60)):rep(150) .. " + 1",
    "local t = ... return t" .. (".--x\nb"):rep(9000) .. " + 1",
    "local t = ... return t" .. (".--[[ ( ]]b"):rep(5000) .. " + 1",
    "local t = ... return t" .. ("['b']"):rep(12000) .. "()",
    "local t = ... return t" .. (".b[ [=[b]=] ]"):rep(4000) .. " < 1",
    "local t = ... local s = '\\\n' return t" .. (".b"):rep(30000) .. " .. 1",
  }
  while true do
    for _, source in ipairs(sources) do
      local f = load(source)
      if f then pcall(f, x) end
    end
  end
  return kwargs
end
