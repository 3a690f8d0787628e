-- attack: bug_goto_limits
-- expect: error
-- why: gotos into scopes, thousands of labels, and jumps that are too long
return function(pipe, step, t, kwargs)
  local sources = { "goto x local a ::x:: print(a)", "do ::x:: end goto x", "::x:: ::x::", "goto continue", "break", "for i = 1, 2 do goto x local a <close> = nil ::x:: end", "local function f() goto y end ::y::" }
  for i = 1, 3000 do sources[8] = (sources[8] or "") .. "::l" .. i .. ":: goto l" .. (i % 3000 + 1) .. " " end
  sources[9] = "while true do " .. ("local a = 1 "):rep(150) .. ("a = a + 1 "):rep(5000) .. " end"
  for _, s in ipairs(sources) do local f, e = load(s) end
  local f, e = load(sources[1])
  error(e)
  return kwargs
end
