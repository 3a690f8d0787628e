-- attack: bug_pattern_extremes
-- expect: error
-- why: malformed patterns, 33 captures, captures inside captures, and back references to open ones
return function(pipe, step, t, kwargs)
  for _, p in ipairs { "[", "[^", "[a", "[a-", "[%", "[]", "[^]", "%", "%b", "%bx", "%f", "%fa", "%f[", "(", ")", "((", "())", "(()", "%0", "%1", "%9", "(%1)", "()%1", ("()"):rep(32), ("()"):rep(33), ("("):rep(32), (".-"):rep(250), ("a?"):rep(300), ("%f[a]"):rep(500), "^*", "*", "+a", "-", "?", "$", "^$^", "[%a-z]", "[a-%z]", "[z-a]", "\0", "[\0]", "%\0", "%z" } do
    for _, s in ipairs { "", "a", "abc(def)ghi", "\0\0", ("a"):rep(50) } do
      pcall(string.find, s, p) pcall(string.match, s, p) pcall(string.gsub, s, p, "%1") pcall(string.gsub, s, p, {}) pcall(string.gsub, s, p, function() end)
      pcall(function() local n = 0 for _ in s:gmatch(p) do n = n + 1 if n > 100 then break end end end)
    end
  end
  pcall(string.gsub, "abc", "b", "%") pcall(string.gsub, "abc", "b", "%x") pcall(string.gsub, "abc", "(b)", "%2") pcall(string.gsub, "a", "a", {}, 0 / 0)
  pcall(string.gsub, "abc", "%w", function() return {} end) pcall(string.gsub, "abc", "%w", { a = print, b = true })
  string.find("a", "[a")
  return kwargs
end
