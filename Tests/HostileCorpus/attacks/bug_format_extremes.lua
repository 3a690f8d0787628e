-- attack: bug_format_extremes
-- expect: error
-- why: format with widths, precisions, flags and specifiers that stock printf must never see
return function(pipe, step, t, kwargs)
  for _, f in ipairs { "%", "%%%", "%y", "%p", "%n", "%100d", "%.100f", "%-+ #0-+ #0d", "%0099999d", "%*d", "%1$d", "%ld", "%hhn", "%S", "%C", "%.99e", "%99.99f", "%-99c", "%99s", "%.0s", "%5q", "%i", "%\0", "%5", "%.", "%-", ("%s"):rep(300), ("%5.1f"):rep(10000) } do
    for _, v in ipairs { 0, -1, 1.5, 1e308, 0 / 0, 1 / 0, math.mininteger, "s", "a\0b", {}, print, true } do pcall(string.format, f, v) pcall(string.format, f, v, v) pcall(string.format, f) end
  end
  assert(string.format("%q", 1 / 3) == "0x1.5555555555555p-2" and string.format("%q", "a\0001\n") == '"a\\0001\\\n"')
  string.format("%d", 1.5)
  return kwargs
end
