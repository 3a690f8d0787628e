/// The Lua half of what tests of plugins are given.
enum TestPrelude {
  /// Runs before the plugin's file, and returns a function that calls a test with a fresh `t`. It holds on to the
  /// functions that it uses, so that nothing that the plugin does to globals reaches it.
  static let source = """
    local run = moon_test.run
    local type, error, pcall, tostring, ipairs, next, abs = type, error, pcall, tostring, ipairs, next, math.abs
    local where = moon.where
    local concat, format, find, match = table.concat, string.format, string.find, string.match

    local function shown(value, depth)
      local kind = type(value)
      if kind == "string" then return format("%q", value) end
      if kind ~= "table" then return tostring(value) end
      if depth > 3 then return "{ ... }" end
      local parts = {}
      for index, item in ipairs(value) do
        if index > 60 then
          parts[index] = "..."
          break
        end
        parts[index] = shown(item, depth + 1)
      end
      local count = #parts
      for key, item in next, value do
        if #parts > 60 then break end
        if type(key) ~= "number" or key < 1 or key > count then
          parts[#parts + 1] = tostring(key) .. " = " .. shown(item, depth + 1)
        end
      end
      return #parts == 0 and "{}" or "{ " .. concat(parts, ", ") .. " }"
    end

    local equal

    -- How far the numbers of two tensors are apart at most, or what is wrong.
    local function of_tensors(found, wanted)
      if not equal(found.shape, wanted.shape, 0) then
        return nil, "the shape is " .. shown(found.shape, 0) .. ", expected " .. shown(wanted.shape, 0)
      end
      for _, size in ipairs(found.shape) do
        if size == 0 then return 0 end
      end
      -- Where both are infinite there is no difference.
      return where(found:eq(wanted), 0, (found - wanted):abs()):max():item()
    end

    function equal(found, wanted, depth)
      if found == wanted then return true end
      local kind = type(found)
      if kind ~= type(wanted) or depth > 8 then return false end
      if kind == "userdata" then
        local is_known, off = pcall(of_tensors, found, wanted)
        return is_known and off == 0
      end
      if kind ~= "table" then return false end
      for key, value in next, found do
        if not equal(value, wanted[key], depth + 1) then return false end
      end
      for key in next, wanted do
        if found[key] == nil then return false end
      end
      return true
    end

    -- What a value is, for messages: `tensor`, `number`.
    local function named(value)
      return type(value) == "userdata" and match(tostring(value), "^%a+") or type(value)
    end

    local difference

    local function of_tables(found, wanted)
      if #found ~= #wanted then return nil, #found .. " values, expected " .. #wanted end
      local worst, place = 0, ""
      for key in next, wanted do
        if found[key] == nil then return nil, "nothing at " .. shown(key, 0) end
      end
      for key, value in next, found do
        if wanted[key] == nil then return nil, "an unexpected value at " .. shown(key, 0) end
        local off, fault, inner = difference(value, wanted[key])
        local here = "[" .. shown(key, 0) .. "]" .. (inner or "")
        if fault or off ~= off then return off, fault, here end
        if off > worst then worst, place = off, here end
      end
      return worst, nil, place
    end

    -- How far two values are apart at most, or what is wrong, and where.
    function difference(found, wanted)
      local kind, other = type(found), type(wanted)
      if kind == "number" and other == "number" then return found == wanted and 0 or abs(found - wanted) end
      if kind == "table" and other == "table" then return of_tables(found, wanted) end
      if named(found) == "tensor" and named(wanted) == "tensor" then return of_tensors(found, wanted) end
      if named(found) == "tensor" and (other == "number" or other == "table") then
        return difference(found:totable(), wanted)
      end
      if named(wanted) == "tensor" and (kind == "number" or kind == "table") then
        return difference(found, wanted:totable())
      end
      return nil, "a " .. named(found) .. " and a " .. named(wanted) .. " cannot be compared"
    end

    local function with(message, text) return message and tostring(message) .. ": " .. text or text end

    -- Refuses an argument of the wrong type at the line of the test.
    local function check(index, name, value, kind)
      if type(value) == kind then return end
      error(format("bad argument #%d to '%s' (%s expected, got %s)", index, name, kind, named(value)), 3)
    end

    -- An error of the host, without its place in these functions.
    local function plain(text) return match(text, '^%[string [^%]]*%]:%d+: (.*)$') or text end

    local function number_of(tensor) return tensor:numel(), tensor:numel() == 1 and tensor:item() end

    -- What two values that are not equal are.
    local function apart(found, wanted)
      if named(found) == "tensor" and named(wanted) == "tensor" then
        local is_known, off, fault = pcall(of_tensors, found, wanted)
        if is_known then return fault or "the tensors differ by " .. tostring(off) .. " at most" end
      end
      return "found " .. shown(found, 0) .. ", expected " .. shown(wanted, 0)
    end

    local test = {}
    function test:run(settings)
      local is_done, result = pcall(run, settings)
      -- The place is that of the test, not of this function.
      if not is_done then error(plain(result), 2) end
      return result
    end
    function test:expect(condition, message)
      local holds = condition
      if named(condition) == "tensor" then
        local is_known, count, number = pcall(number_of, condition)
        if not is_known then error(plain(count), 2) end
        if count ~= 1 then
          error("a tensor of shape " .. shown(condition.shape, 0) .. " is neither true nor false", 2)
        end
        holds = number ~= 0
      end
      if not holds then error(message and tostring(message) or "the expectation does not hold", 2) end
      return condition
    end
    function test:expect_equal(found, wanted, message)
      if equal(found, wanted, 0) then return found end
      error(with(message, apart(found, wanted)), 2)
    end
    function test:expect_close(found, wanted, tolerance, message)
      if tolerance ~= nil then check(3, "expect_close", tolerance, "number") end
      local is_known, off, fault, place = pcall(difference, found, wanted)
      if not is_known then error(with(message, plain(off)), 2) end
      if off and off <= (tolerance or 1e-5) then return found end
      fault = fault or "off by " .. tostring(off) .. ", allowed " .. tostring(tolerance or 1e-5)
      error(with(message, fault .. (place and place ~= "" and " at " .. place or "")), 2)
    end
    function test:expect_error(body, text)
      check(1, "expect_error", body, "function")
      local is_done, message = pcall(body)
      if is_done then error("expected an error" .. (text and " with '" .. text .. "'" or ""), 2) end
      message = tostring(message)
      if text and not find(message, text, 1, true) then
        error("the error is '" .. message .. "', expected one with '" .. text .. "'", 2)
      end
      return message
    end

    return function(body)
      local t = {}
      for name, method in next, test do t[name] = method end
      return body(t)
    end
    """
}
