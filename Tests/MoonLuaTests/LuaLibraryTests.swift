import Foundation
import MoonLua
import Testing

@Suite("Lua library") struct LuaLibraryTests {
  @Test("agrees with stock Lua on 70,000 random calls of string and table functions")
  func randomCalls() throws {
    let file = HostileCorpus.folder.deletingLastPathComponent().appending(path: "Fixtures/lua/random_strings.lua")
    var limits = LuaLimits()
    limits.callTime = .seconds(50)
    limits.callInstructions = .max
    // The number that lua5.4 5.4.4 gives for the same file; its head says how.
    #expect(try makeSandbox(limits).load(source: Array(Data(contentsOf: file))) == .integer(2_808_596_100))
  }

  /// What an expression gives where the sandbox differs from stock Lua on purpose, or could easily go wrong.
  static let expressions: [(String, String)] = [
    ("tostring({})", "table"), ("tostring(print)", "function"), ("tostring(coroutine.create(print))", "thread"),
    ("tostring(moon)", "table"), ("('%s'):format({})", "table"), ("type(string)", "table"),
    ("getmetatable('')", "false"), ("getmetatable(string)", "false"), ("getmetatable({})", "nil"),
    ("select('#', math.randomseed())", "0"), ("_VERSION", "Lua 5.4"), ("_G._G == _G", "true"),
    ("rawequal(_ENV, _G)", "true"), ("load('return 1 + 1')()", "2"), ("load('return x', 'n', 't', { x = 5 })()", "5"),
    ("select(2, load('return +', 'code'))", "[string \"code\"]:1: unexpected symbol near '+'"),
    ("select(2, load('return 1', 'code', 'b'))", "attempt to load a text chunk (mode is 'b')"),
    ("select(2, pcall(load, print))", "bad argument #1 to 'load' (string expected, got function)"),
    ("select(2, xpcall(error, function(m) return 'handled ' .. m end, 'x'))", "handled x"),
    ("select(2, pcall(error, setmetatable({}, { __tostring = function() return 'made' end })))", "made"),
    ("select('#', pcall(error))", "2"), ("pcall(pcall)", "false"), ("select(3, xpcall(select, print, 2, 7, 8))", "nil"),
    ("(function() local n = 0 for k in pairs(math) do n = n + 1 end return n end)()", "27"),
    ("(function() local insert, t = table.insert, {} insert(t, 'x') return t[1] end)()", "x"),
    ("(function() local t = setmetatable({}, { __len = function() return 9 end }) return #t end)()", "9"),
    ("(function() local mt = {} local t = setmetatable({}, mt) return getmetatable(t) == mt end)()", "true"),
    ("(function() local t = setmetatable({}, { __metatable = 'mine' }) return getmetatable(t) end)()", "mine"),
    (
      "select(2, pcall(setmetatable, setmetatable({}, { __metatable = 1 }), {}))", "cannot change a protected metatable"
    ),
    ("(function() local t = setmetatable({}, { __index = string }) return t.len('abc') end)()", "3"),
    ("(function() for i, v in ipairs({ 7, 8 }) do if i == 2 then return v end end end)()", "8"),
    ("(function() local a, b = coroutine.wrap(function(...) coroutine.yield(...) end)(1, 2) return a + b end)()", "3"),
    ("select(2, coroutine.resume(coroutine.wrap(print)))", "error"),
    ("coroutine.close", "nil"), ("string.dump", "nil"), ("collectgarbage", "nil"), ("io", "nil"), ("require", "nil"),
  ]

  @Test("gives these values", arguments: expressions)
  func expression(_ expression: String, _ wanted: String) throws {
    let source = """
      local results = table.pack(pcall(function() return (\(expression)) end))
      return results[1] and tostring(results[2]) or "error"
      """
    #expect(try makeSandbox().load(source: source) == .string(wanted))
  }

  @Test("draws the same random numbers for the same seed, and others for another")
  func randomNumbers() throws {
    let source = "local t = {} for i = 1, 5 do t[i] = math.random(1 << 40) end return t"
    let numbers = try [1, 1, 2].map { seed in
      try LuaSandbox(name: "test.lua", randomSeed: UInt64(seed)) { _ in }.load(source: source)
    }
    #expect(numbers[0] == numbers[1])
    #expect(numbers[0] != numbers[2])
  }

  @Test("draws random numbers evenly over small and large intervals")
  func evenRandomNumbers() throws {
    let source = """
      local counts, low, high = { 0, 0, 0 }, 0, 0
      for i = 1, 30000 do
        local n = math.random(3)
        counts[n] = counts[n] + 1
        if math.random(math.mininteger, math.maxinteger) < 0 then low = low + 1 else high = high + 1 end
        local x = math.random()
        assert(x >= 0 and x < 1)
      end
      return { counts[1], counts[2], counts[3], low, high }
      """
    let counts = try #require(makeSandbox().load(source: source).asTable).list.compactMap(\.asInteger)
    // Five standard deviations of a fair draw.
    #expect(counts[..<3].allSatisfy { abs($0 - 10000) < 410 })
    #expect(counts[3...].allSatisfy { abs($0 - 15000) < 435 })
  }
}
