-- attack: bug_local_limits
-- expect: error
-- why: 201 locals, 256 upvalues, 256 registers, 255 parameters, a million constants: one more than the parser takes
return function(pipe, step, t, kwargs)
  local function names(n, p) local x = {} for i = 1, n do x[i] = p .. i end return table.concat(x, ", ") end
  local function try(s) local f, e = load(s) if f then pcall(f) end end
  for _, n in ipairs { 199, 200, 201, 255, 256, 300 } do
    try("local " .. names(n, "a") .. " = 1")
    try("return function(" .. names(n, "a") .. ") end")
    try("local t = {" .. names(n, "a") .. "} return t")
    try("f(" .. names(n, "a") .. ")")
    try("return " .. names(n, "a"))
  end
  local s = {}
  for i = 1, 3 do s[#s + 1] = "local " .. names(100, "u" .. i .. "_") .. " = 1 do return function() " end
  try("local " .. names(190, "u") .. " local function f() return " .. names(190, "u") .. " end")
  local c = {}
  for i = 1, 9000 do c[i] = ("%d.5"):format(i) end
  try("return {" .. table.concat(c, ",") .. "}")
  error(select(2, load("local " .. names(201, "a") .. " = 1")))
  return kwargs
end
