import MoonLua
import Testing

@Suite("Lua sandbox") struct LuaSandboxTests {
  @Test("loads a chunk, calls its function, and gives all memory back")
  func callsAFunction() throws {
    let sandbox = try makeSandbox()
    let value = try sandbox.load(source: "return function(a, b) return a + b, 'x' .. a end")
    let function = try #require(value.asFunction)
    #expect(try sandbox.call(function, [.integer(2), .number(0.5)]) == [.number(2.5), .string("x2")])
    #expect(sandbox.close() == 0)
  }

  @Test("takes the global callback when the chunk returns nothing")
  func globalCallback() throws {
    let sandbox = try makeSandbox()
    let function = try #require(sandbox.load(source: "function callback(x) return x * 2 end").asFunction)
    #expect(try sandbox.call(function, [.integer(21)]) == [.integer(42)])
  }

  @Test("carries every kind of value both ways")
  func values() throws {
    let sandbox = try makeSandbox()
    try sandbox.defineHandleType(HandleType(kind: 3, name: "Thing"))
    let function = try #require(sandbox.load(source: "return function(...) return ... end").asFunction)
    var table = LuaTable(list: [.integer(1), .string("two"), .list([.number(0.5)])])
    table["name"] = .boolean(true)
    let values: [LuaValue] = [
      .nil, .boolean(false), .integer(.min), .number(-0.0), .number(.infinity), .string(LuaString([0, 255, 10])),
      .table(table), .handle(LuaHandle(kind: 3, id: .max)), .integer(.max),
    ]
    #expect(try sandbox.call(function, values) == values)
  }

  @Test("runs host functions and raises their errors at the script's line")
  func hostFunctions() throws {
    let sandbox = try makeSandbox()
    try sandbox.define(table: "moon", name: "narrow") { arguments throws(HostError) in
      guard let start = arguments.first?.asInteger else { throw .argument(1, "number expected") }
      if start > 3 { throw .argument(2, "start \(start) outside 0..3") }
      if start < 0 { throw .message("nothing before the start") }
      return [.integer(Int64(start)), .string("done")]
    }
    let source = """
      return function(x)
        local a, b = moon.narrow(x)
        return a, b
      end
      """
    let function = try #require(sandbox.load(source: source).asFunction)
    #expect(try sandbox.call(function, [.integer(3)]) == [.integer(3), .string("done")])
    #expect(
      failure(of: sandbox, function, [.integer(5)])?.message
        == "test.lua:2: bad argument #2 to 'narrow' (start 5 outside 0..3)")
    #expect(failure(of: sandbox, function, [.integer(-1)])?.message == "test.lua:2: nothing before the start")
    #expect(failure(of: sandbox, function, [.integer(-1)])?.line == 2)
  }

  @Test("gives handles their methods, fields and operators")
  func handles() throws {
    let sandbox = try makeSandbox()
    var type = HandleType(kind: 1, name: "Box")
    type.methods["double"] = { arguments in [.integer(Int64(arguments[0].asHandle?.id ?? 0) * 2)] }
    type.getter = { arguments in [.string("field " + (arguments[1].asText ?? "?"))] }
    type.setter = { _ throws(HostError) in throw .message("a Box cannot be changed") }
    type.operators["__add"] = { arguments in
      let parts = arguments.map { $0.asNumber ?? Double($0.asHandle?.id ?? 0) }
      return [.number(parts[0] + parts[1])]
    }
    type.operators["__len"] = { arguments in [.integer(Int64(arguments[0].asHandle?.id ?? 0))] }
    try sandbox.defineHandleType(type)
    let source = """
      return function(box, same, other)
        local ok, text = pcall(function() box.x = 1 end)
        local bad, colon = pcall(function() return box.double(4) end)
        return box:double(), box.shape, box + 1, 1 + box, #box, box == same, box == other, text, colon
      end
      """
    let function = try #require(sandbox.load(source: source).asFunction)
    let handles = [7, 7, 8].map { LuaValue.handle(LuaHandle(kind: 1, id: $0)) }
    #expect(
      try sandbox.call(function, handles) == [
        .integer(14), .string("field shape"), .number(8), .number(8), .integer(7), .boolean(true), .boolean(false),
        .string("test.lua:2: a Box cannot be changed"),
        .string("test.lua:3: 'double' is called as handle:double(...), with a colon"),
      ])
  }
}
