-- Calls the string and table functions with random arguments and returns a checksum of all results and error texts.
-- The test holds that number against the one from stock Lua 5.4.4: lua5.4 -e 'print(dofile("random_strings.lua"))'.
local seed, sum = 12345, 7
local function random(n) seed = (seed * 1103515245 + 12345) & 0x7fffffff; return (seed >> 8) % n + 1 end
local function pick(list) return list[random(#list)] end

local function shown(value)
  if type(value) == "string" then return string.format("%q", value) end
  if type(value) == "table" then
    local parts = {}
    for i = 1, #value do parts[i] = shown(value[i]) end
    return "{" .. table.concat(parts, ",") .. "}"
  end
  return type(value) == "function" and "function" or tostring(value)
end

-- Adds the results of a call, or its error text without the position, to the checksum.
local function try(f, ...)
  local results = table.pack(pcall(f, ...))
  for i = 1, results.n do
    local text = shown(results[i])
    if not results[1] then text = text:gsub('^"[^:]*:%d+: ', '"') end
    for k = 1, #text do sum = (sum * 31 + text:byte(k)) % 4294967291 end
  end
end

local atoms = {
  "a", "b", ".", "%a", "%d", "%s", "%w", "%A", "[ab]", "[^a]", "[a-c]", "[%d_]", "%.", "x", "[]]", "[^]]", "[a-]", "%f[%a]", "%b()", "(a)",
  "(", ")", "()", "%1", "%2", "$", "^", "-", "[", "]", "%", "\0", "(.)", "([ab])", "[%a-z]", "[z-a]", "%x", "%p", "%c", "%g",
}
local suffixes = { "", "", "", "*", "+", "-", "?" }
local letters = { "a", "b", "c", "1", "2", " ", "(", ")", "x", "]", "-", ".", "%", "\0", "A", "_" }
local replacements = { "", "x", "<%0>", "%1", "%2", "%%", "%", "[%1%1]", "%9", 7 }
local values = { 0, 1, -1, 2, 3, 7, 255, 1e15, 1e100, 0.1, -0.0, 1 / 0, -1 / 0, math.maxinteger, math.mininteger, "10", "0x1p4", " 5 ", "abc", "", true, false, 3.0, 2 ^ 53, 1e14 }

for _ = 1, 3000 do
  local parts = {}
  for i = 1, random(5) do parts[i] = pick(atoms) .. pick(suffixes) end
  local pattern = table.concat(parts)
  parts = {}
  for i = 1, random(12) - 1 do parts[i] = pick(letters) end
  local subject, from = table.concat(parts), random(30) - 15
  try(string.find, subject, pattern, from)
  try(string.match, subject, pattern)
  try(string.find, subject, pattern, from, true)
  try(string.gsub, subject, pattern, pick(replacements), random(4) == 1 and random(3) or nil)
  try(string.gsub, subject, pattern, { a = "T", b = false, ["1"] = 5 })
  try(string.gsub, subject, pattern, function(a, b) if a == "b" then return nil end return a == 1 and "one" or b end)
  try(function()
    local found = {}
    for a, b in string.gmatch(subject, pattern, from) do
      found[#found + 1] = tostring(a) .. ":" .. tostring(b)
      if #found > 50 then break end
    end
    return table.concat(found, "|")
  end)
end

local formats = { "d", "5d", "-5d", "05d", "+d", "x", "X", "#x", "o", "c", "s", "10s", "-10s", ".2s", "q", "e", ".3e", "g", ".15g", "f", "10.2f", "+.0f", "a", "i" }
for _ = 1, 2000 do
  try(string.format, "<%" .. pick(formats) .. ">", pick(values))
  local n, m, k, count = random(12) - 6, random(12) - 6, random(12) - 6, random(6) - 1
  local text = ("hello world"):sub(1, random(11))
  local function list(size) local made = {} for i = 1, size do made[i] = random(20) end return made end
  try(string.byte, text, n, m) try(string.byte, text, n) try(string.rep, text, n, ",") try(string.sub, text, n, m)
  try(string.reverse, text) try(string.upper, text) try(string.lower, text) try(tostring, pick(values)) try(tonumber, pick(values)) try(tonumber, "zz", n * 6)
  local made = list(count) try(table.insert, made, n, "v") try(shown, made)
  made = list(count) try(table.concat, made, "-", n, m) try(table.unpack, made, n, m) try(table.remove, made) try(shown, made)
  made = list(count) try(table.move, made, n, m, k) try(shown, made)
  made = list(random(60)) table.sort(made) try(shown, made)
  table.sort(made, function(a, b) return a > b end) try(shown, made)
  try(utf8.char, 65, random(1000), random(70000), random(2097152)) try(select, n, 1, 2, 3)
  try(string.pack, "<i4 s1 z d !8 i8 x", n, "ab", "cd", 0.5, m) try(string.unpack, "<i2 c3", "abcdefgh", n)
end
return sum
