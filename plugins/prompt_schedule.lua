--@moonstep 1
-- Prompts that change while the picture forms, in the syntax of the common web interfaces (prompt editing and
-- alternating words, as in https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/Features):
--   [from:to:when]   `from` for the steps before `when`, `to` from then on
--   [to:when]        nothing before `when`
--   [from::when]     nothing from `when` on
--   [a|b|c]          another one in each step
-- They can stand in each other. `when` is a share of the steps below 1, a number of steps from 1 on. A backslash makes
-- the next character plain text, parentheses keep their colons, and brackets without `:` or `|` stay as they are.

-- A text is parsed to a list of strings, edits { from =, to =, when = } and alternations { choices = }.
local parse_sequence

-- Ends the run with a message about the text of the option `name`.
local function refuse(source, position, problem)
  error(("%s: %s at character %d"):format(source.name, problem, position), 0)
end

-- The number that a part is, without anything else in it; nil for other parts.
local function as_number(part)
  local word = #part == 1 and type(part[1]) == "string" and part[1]:match("^%s*([%d.]+)%s*$")
  return word and tonumber(word)
end

-- Joins what a bracket held that is neither an edit nor an alternation: its brackets are text.
local function plain_bracket(part)
  table.insert(part, 1, "[")
  part[#part + 1] = "]"
  return part
end

-- Parses what follows a `[`. Returns a list of items, and the position after the `]`.
local function parse_bracket(source, start)
  local parts, separator, position = {}, nil, start
  while true do
    local part, stop = parse_sequence(source, position, true)
    parts[#parts + 1] = part
    local mark = source.text:sub(stop, stop)
    position = stop + 1
    if mark == "" then refuse(source, start - 1, "a [ without its ]") end
    if mark == "]" then break end
    if separator and separator ~= mark then refuse(source, stop, "a | and a : in the same brackets") end
    separator = mark
  end
  if not separator then return plain_bracket(parts[1]), position end
  if separator == "|" then return { { choices = parts } }, position end
  local when = as_number(parts[#parts])
  if not when then refuse(source, start - 1, "an edit that does not end in a number") end
  if #parts == 2 then return { { from = {}, to = parts[1], when = when } }, position end
  if #parts == 3 then return { { from = parts[1], to = parts[2], when = when } }, position end
  refuse(source, start - 1, "an edit of more than from, to and when")
end

-- Parses from `position` on, inside of brackets up to the `:`, `|` or `]` that ends the part.
function parse_sequence(source, position, is_inside)
  local text, items, buffer, parentheses = source.text, {}, {}, 0
  local function flush()
    if #buffer > 0 then items[#items + 1] = table.concat(buffer) end
    buffer = {}
  end
  while position <= #text do
    local character = text:sub(position, position)
    if character == "\\" and position < #text then
      position = position + 1
      buffer[#buffer + 1] = text:sub(position, position)
    elseif character == "[" then
      flush()
      local inner, after = parse_bracket(source, position + 1)
      table.move(inner, 1, #inner, #items + 1, items)
      position = after - 1
    elseif character == "]" and not is_inside then
      refuse(source, position, "a ] without its [")
    elseif character == "]" or is_inside and parentheses == 0 and (character == ":" or character == "|") then
      break
    else
      if character == "(" then parentheses = parentheses + 1 end
      if character == ")" then parentheses = math.max(parentheses - 1, 0) end
      buffer[#buffer + 1] = character
    end
    position = position + 1
  end
  flush()
  return items, position
end

-- The first step that takes the second part of an edit.
local function step_of(when, steps)
  -- 0.58 times 50 steps is a little less than 29 in floating point.
  return when < 1 and math.floor(when * steps + 1e-9) or math.floor(when)
end

-- The text of a step.
local function render(items, step, steps)
  local texts = {}
  for index, item in ipairs(items) do
    if type(item) == "string" then
      texts[index] = item
    elseif item.choices then
      texts[index] = render(item.choices[step % #item.choices + 1], step, steps)
    else
      texts[index] = render(step < step_of(item.when, steps) and item.from or item.to, step, steps)
    end
  end
  return table.concat(texts)
end

-- The text of each step, counted from 0; nil for an option that is not given.
local function schedule(name, text, steps)
  if not text then return {} end
  local items = parse_sequence({ name = name, text = text }, 1, false)
  local texts = {}
  for step = 0, steps - 1 do texts[step] = render(items, step, steps) end
  return texts
end

-- For each step the encoded prompt and its texts; the one that is in place.
local plan, current

---@type moonstep.Plugin
return {
  id = "prompt_schedule", version = "1.0.0", api = 1, license = "Apache-2.0",
  summary = "Changes the prompt while the picture forms: [from:to:when] and [a|b], as in the web interfaces.",
  tensor_inputs = {},
  options = {
    prompt = {
      type = "string", required = true, example = "a [red:green:0.5] apple on a [blue|yellow] background",
      help = "the prompt with its edits; it takes the place of the run's own",
    },
    negative_prompt = { type = "string", help = "the same for what is not wanted; the run's own without it" },
    log = { type = "boolean", default = false, help = "whether to print each text when it takes its place" },
  },

  on_run_begin = function(pipe)
    local options, steps = pipe.options, pipe.num_timesteps
    local wanted = schedule("prompt", options.prompt, steps)
    local unwanted = schedule("negative_prompt", options.negative_prompt, steps)
    local known, count = {}, 0
    plan = {}
    for step = 0, steps - 1 do
      local key = wanted[step] .. "\0" .. (unwanted[step] or "")
      if not known[key] then
        count = count + 1
        known[key] = { text = wanted[step], negative = unwanted[step] }
      end
      plan[step] = known[key]
    end
    if count > 64 then error(("prompt: %d different texts, and a run encodes at most 64"):format(count), 0) end
    for _, entry in pairs(known) do entry.handle = pipe:encode(entry.text, entry.negative) end
  end,

  on_step_begin = function(pipe, step)
    local entry = plan[step]
    if not entry or entry == current then return end
    pipe:set_prompt(entry.handle)
    current = entry
    if pipe.options.log then
      print(("step %d: %s%s"):format(step, entry.text, entry.negative and " / " .. entry.negative or ""))
    end
  end,
}
