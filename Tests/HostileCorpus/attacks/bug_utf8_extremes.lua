-- attack: bug_utf8_extremes
-- expect: error
-- why: utf8 functions on broken, overlong and huge sequences
return function(pipe, step, t, kwargs)
  for _, s in ipairs { "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xfd\xbf\xbf\xbf\xbf\xbf", "\xfe", "a\x80", "\xe2\x82", "", ("\xf0"):rep(1000), ("é"):rep(1000) } do
    for _, i in ipairs { 1, 0, -1, 2, #s + 1, #s + 2, math.maxinteger, math.mininteger } do
      pcall(utf8.len, s, i) pcall(utf8.codepoint, s, i) pcall(utf8.codepoint, s, 1, i) pcall(utf8.offset, s, i) pcall(utf8.offset, s, i, i) pcall(utf8.len, s, 1, i, true)
    end
    pcall(function() for _, c in utf8.codes(s) do end end) pcall(function() for _, c in utf8.codes(s, true) do end end)
    pcall(string.gsub, s, utf8.charpattern, "x")
  end
  for _, c in ipairs { -1, 1 << 31, 0x7fffffff, 0xd800, 0x110000, math.maxinteger, 0.5 } do pcall(utf8.char, c) end
  local f = utf8.codes("abc")
  pcall(f, "abc", 100) pcall(f, "abc", -100) pcall(f, 1, 2)
  utf8.char(-1)
  return kwargs
end
