import MoonLua
import Testing

@Suite("Lua errors") struct LuaErrorTests {
  /// A script and the message its failure has, word for word.
  struct Case: Sendable, CustomTestStringConvertible {
    var source: String
    var message: String
    var kind: LuaError.Kind = .runtime

    var testDescription: String { message }
  }

  static let loadingCases: [Case] = [
    Case(source: "local x = = 1", message: "test.lua:1: unexpected symbol near '='", kind: .syntax),
    Case(
      source: "\nif x then", message: "test.lua:2: 'end' expected near <eof>", kind: .syntax),
    Case(
      source: "local x = 'a\u{1B}[2J\n'", message: "test.lua:1: unfinished string near ''a\\x1b[2J'", kind: .syntax),
    Case(
      source: "\u{1B}Lua", message: "test.lua: attempt to load a binary chunk (mode is 't')", kind: .syntax),
    Case(
      source: "return x" + String(repeating: ".y", count: 65),
      message: "test.lua:1: too many field accesses in one chain", kind: .syntax),
    Case(
      source: "while x do\n" + String(repeating: "break ", count: 1001) + "end",
      message: "test.lua:2: too many jumps (goto, break)", kind: .syntax),
    Case(
      source: "return '" + String(repeating: "x", count: 65530) + "'",
      message: "test.lua:1: the source has more than 65536 bytes", kind: .syntax),
    Case(source: "nothing.here()", message: "test.lua:1: attempt to index a nil value (global 'nothing')"),
    Case(source: "error({})", message: "test.lua:1: (error object is a table value)"),
    Case(source: "error()", message: "test.lua:1: (error object is a nil value)"),
    Case(source: "\nerror('plain', 0)", message: "test.lua:2: plain"),
    Case(source: "#!shell\nerror('third')", message: "test.lua:2: third"),
    Case(source: "\u{FEFF}error('marked')", message: "test.lua:1: marked"),
    Case(source: "error(42)", message: "test.lua:1: 42"),
    Case(source: "error('a\\nb\\27c\\0')", message: "test.lua:1: a\\nb\\x1bc\\x00"),
    Case(source: "error('not enough memory', 0)", message: "test.lua: not enough memory"),
    Case(
      source: "local x = setmetatable({}, { __gc = print })",
      message: "test.lua:1: the metamethod '__gc' is not available"),
    Case(source: "string.rep = print", message: "test.lua:1: the table 'string' is read-only"),
    Case(source: "coroutine.yield()", message: "test.lua:1: attempt to yield from outside a coroutine"),
    Case(source: "require 'x'", message: "test.lua:1: attempt to call a nil value (global 'require')"),
    Case(source: "string.format('%p', {})", message: "test.lua:1: invalid conversion '%p' to 'format'"),
    Case(source: "local s = ('x'):rep(1 << 40)", message: "test.lua:1: resulting string too large"),
  ]

  @Test("say what went wrong while a file is loaded", arguments: loadingCases)
  func loading(_ example: Case) throws {
    let sandbox = try makeSandbox()
    let error = #expect(throws: LuaError.self) { try sandbox.load(source: example.source) }
    #expect(error?.message == example.message)
    #expect(error?.kind == example.kind)
  }

  static let callingCases: [Case] = [
    Case(source: "local x = nil + 1", message: "test.lua:2: attempt to perform arithmetic on a nil value"),
    Case(source: "undefined()", message: "test.lua:2: attempt to call a nil value (global 'undefined')"),
    Case(source: "return 1 < 'x'", message: "test.lua:2: attempt to compare number with string"),
    Case(source: "return ('x'):bad()", message: "test.lua:2: attempt to call a nil value (method 'bad')"),
    Case(
      source: "return string.rep()",
      message: "test.lua:2: bad argument #1 to 'rep' (string expected, got no value)"),
    Case(
      source: "local s = string.rep() return s",
      message: "test.lua:2: bad argument #1 to 'rep' (string expected, got no value)"),
    Case(source: "table.sort({ 1, 'x' })", message: "test.lua:2: attempt to compare string with number"),
  ]

  @Test("say what went wrong in a call, with its line", arguments: callingCases)
  func calling(_ example: Case) throws {
    let sandbox = try makeSandbox()
    let function = try #require(sandbox.load(source: "return function()\n\(example.source)\nend").asFunction)
    let error = failure(of: sandbox, function)
    #expect(error?.message == example.message)
    #expect(error?.kind == .runtime)
    #expect(error?.isFinal == false)
  }

  @Test("carry the script's own frames, innermost first")
  func frames() throws {
    let sandbox = try makeSandbox()
    let source = """
      local function inner() error("deep") end
      local function outer()
        inner()
      end
      return function()
        outer()
      end
      """
    let function = try #require(sandbox.load(source: source).asFunction)
    let error = failure(of: sandbox, function)
    #expect(error?.frames.map(\.line) == [1, 3, 6])
    #expect(error?.frames.first?.source == "test.lua")
    #expect(error?.line == 1)
  }

  @Test("are cut to 4 KiB and leave the sandbox usable")
  func longMessage() throws {
    let sandbox = try makeSandbox()
    let function = try #require(
      sandbox.load(source: "return function(x) return x or error(('e'):rep(9000)) end").asFunction)
    let error = failure(of: sandbox, function)
    #expect(error?.message == "test.lua:1: " + String(repeating: "e", count: 4096 - 12))
    #expect(try sandbox.call(function, [.integer(1)]) == [.integer(1)])
  }

  @Test("refuse a call inside a call")
  func reentry() throws {
    let sandbox = try makeSandbox()
    var held: LuaFunction?
    try sandbox.define(table: "moon", name: "again") { [unowned sandbox] _ throws(HostError) in
      guard let held else { return [] }
      do throws(LuaError) {
        _ = try sandbox.call(held, [])
        return ["called"]
      } catch {
        throw .message(error.message)
      }
    }
    held = try sandbox.load(source: "return function() moon.again() end").asFunction
    let function = try #require(held)
    #expect(failure(of: sandbox, function)?.message == "test.lua:1: test.lua: a call is running already")
    held = nil
  }

  @Test("say that a closed sandbox is closed")
  func closed() throws {
    let sandbox = try makeSandbox()
    let function = try #require(sandbox.load(source: "return print").asFunction)
    sandbox.close()
    #expect(failure(of: sandbox, function)?.message == "test.lua: the sandbox is closed")
    #expect(failure(of: sandbox, function)?.kind == .unusable)
  }
}
