-- attack: bug_pack_extremes
-- expect: error
-- why: pack, unpack and packsize with sizes, alignments and positions beyond every limit
return function(pipe, step, t, kwargs)
  for _, f in ipairs { "i17", "i0", "I99999999999999999999", "!3i4", "!16d", "s16", "c", "c99999999999", ("c2147483647"):rep(4), "Xi", "X", "!", ("i"):rep(100000), (" "):rep(100000), "<>=!1!2!4!8!16", "z", "s1", "j n f", "i16", "\0", "%", ("c1000000"):rep(100), "!16" .. ("Xd"):rep(300) } do
    pcall(string.pack, f, 1, 2, 3) pcall(string.pack, f, "x", "y") pcall(string.packsize, f)
    for _, s in ipairs { "", "\255", ("\255"):rep(64), ("\0"):rep(64) } do for _, p in ipairs { 1, 0, -1, 65, 66, math.maxinteger, math.mininteger } do pcall(string.unpack, f, s, p) end end
  end
  assert(string.unpack("<i4", string.pack("<i4", -7)) == -7 and string.packsize("i4i8") >= 12)
  string.unpack("i4", "abc")
  return kwargs
end
