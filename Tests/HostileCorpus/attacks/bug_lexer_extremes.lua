-- attack: bug_lexer_extremes
-- expect: error
-- why: numerals, escapes, names and long brackets at their limits
return function(pipe, step, t, kwargs)
  local sources = {
    "return 1" .. ("0"):rep(60000), "return 0x" .. ("f"):rep(60000), "return 0." .. ("0"):rep(60000) .. "1", "return 1e" .. ("9"):rep(60000), "return 0x1p" .. ("9"):rep(60000), "return 1e+", "return 0x", "return 0x.p1", "return 1..2", "return 3in",
    "return '\\u{7FFFFFFF}'", "return '\\u{80000000}'", "return '\\u{" .. ("0"):rep(60000) .. "41}'", "return '\\300'", "return '\\xg'", "return '\\z", "return '\\", "return 'a\nb'", "return [" .. ("="):rep(60000) .. "[x]", "return [==[x]=]", "--[" .. ("="):rep(60000) .. "[x",
    "return " .. ("a"):rep(60000), ("a"):rep(60000) .. " = 1", "\0", "return '\0'", "\27Lua", "return \xff", "return ~", "return @", "x = \\", "return '" .. ("\255"):rep(60000) .. "'",
  }
  for _, s in ipairs(sources) do local f = load(s) if f then pcall(f) end end
  error(select(2, load("return @")))
  return kwargs
end
