-- attack: cap_load_name
-- expect: denied
-- why: a loaded chunk must not pass itself off as a file of the host
return function(pipe, step, t, kwargs)
  for _, name in ipairs { "@/etc/passwd", "=moonstep", "@@x.lua", "=@=x", "@other.lua" } do
    local f = load("error('x')", name)
    local ok, e = pcall(f)
    if not e:find("^%[string ") then error("ESCAPED: a chunk calls itself " .. e) end
  end
  return kwargs
end
