-- attack: cap_require_paths
-- expect: denied
-- why: require with paths out of the folder: dots, slashes, drives, zeros, links, long names
return function(pipe, step, t, kwargs)
  if not require then return kwargs end
  for _, n in ipairs { "..", "../secret", "a/../../secret", "/etc/passwd", "....secret", ".secret", "secret.", "a..b", "", ".", "init.lua/..", "a\0b", "a\\b", "C:secret", "a b", "é", ("x"):rep(300), "link", "linked.inner", "%2e%2e", "a\nb", "~", "$HOME", "*", "io", "os", "debug", "string", "_G" } do
    local ok, v = pcall(require, n)
    if ok then error("ESCAPED: require took '" .. n .. "'") end
  end
  for _, v in ipairs { 1, {}, print, true, 0 / 0 } do if pcall(require, v) and type(v) ~= "number" then error("ESCAPED: require took a " .. type(v)) end end
  return kwargs
end
