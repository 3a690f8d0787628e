import MoonLua
import Testing

@Suite("Lua handles") struct LuaHandleTests {
  /// Bytes that a host counts for its handles.
  private final class Account {
    let limit: Int
    var used = 0
    init(limit: Int) { self.limit = limit }
  }

  /// A sandbox with one handle type whose function `moon.make` gives out handles 1, 2, 3, ..., within what the host
  /// counts.
  private func sandbox(_ limits: LuaLimits = LuaLimits(), account: Account? = nil) throws -> LuaSandbox {
    let sandbox = try makeSandbox(limits)
    try sandbox.defineHandleType(HandleType(kind: 4, name: "Block"))
    var next: UInt64 = 0
    try sandbox.define(table: "moon", name: "make") { [unowned sandbox] arguments throws(HostError) in
      let bytes = try HostArguments(arguments).integer(1)
      if let account {
        if bytes > account.limit - account.used { sandbox.collectGarbage() }
        if bytes > account.limit - account.used {
          sandbox.endForMemory()
          throw .message("not enough memory")
        }
        account.used += bytes
      }
      next += 1
      return [.handle(LuaHandle(kind: 4, id: next))]
    }
    return sandbox
  }

  @Test("tell the host when the last copy of one is gone")
  func release() throws {
    let sandbox = try sandbox()
    var released: [UInt64] = []
    sandbox.onRelease = { released.append($0.id) }
    let source = """
      local kept = moon.make(1)
      return function(a, b)
        a, b = nil, nil
        for i = 1, 20000 do local garbage = { i } end
        return kept
      end
      """
    let function = try #require(sandbox.load(source: source).asFunction)
    let block = LuaValue.handle(LuaHandle(kind: 4, id: 77))
    for _ in 0..<4 { #expect(try sandbox.call(function, [block, block]) == [.handle(LuaHandle(kind: 4, id: 1))]) }
    #expect(released.contains(77))
    #expect(!released.contains(1))
  }

  @Test("free what they stand for when the host collects")
  func collect() throws {
    let account = Account(limit: 10 << 20)
    let sandbox = try sandbox(account: account)
    sandbox.onRelease = { _ in account.used -= 1 << 20 }
    let source = "return function(n) for i = 1, n do local block = moon.make(1 << 20) end return n end"
    let function = try #require(sandbox.load(source: source).asFunction)
    #expect(try sandbox.call(function, [.integer(500)]) == [.integer(500)])
    #expect(account.used > 0 && account.used <= account.limit)
  }

  @Test("end a script that keeps more than their memory allows, past any pcall")
  func overcharge() throws {
    var limits = LuaLimits()
    limits.handleBytes = 10 << 20
    let account = Account(limit: limits.handleBytes)
    let sandbox = try sandbox(limits, account: account)
    let source = """
      return function()
        local keep = {}
        while true do pcall(function() keep[#keep + 1] = moon.make(1 << 20) end) end
      end
      """
    let function = try #require(sandbox.load(source: source).asFunction)
    let error = failure(of: sandbox, function)
    #expect(error?.message == "test.lua:3: memory limit: a plugin's tensors may use 10 MiB")
    #expect(error?.kind == .memoryLimit)
    #expect(account.used == account.limit)
  }

  @Test("cannot be forged, compared with other things, or given fields without a setter")
  func misuse() throws {
    let sandbox = try sandbox()
    let source = """
      local block = moon.make(1)
      local texts = {}
      for i, f in ipairs {
        function() block.x = 1 end, function() return block + 1 end, function() return block < block end, function() return block .. "x" end,
        function() return #block end, function() return block() end, function() setmetatable(block, {}) end, function() rawset(block, 1, 1) end,
        function() for _ in pairs(block) do end end, function() return moon.make(block) end,
      } do texts[i] = select(2, pcall(f)):gsub("^test.lua:%d+: ", "") end
      texts[#texts + 1] = tostring(getmetatable(block)) .. tostring(block) .. tostring(block.x) .. tostring(block == 1)
      return texts
      """
    let texts = try #require(sandbox.load(source: source).asTable).list.compactMap(\.asText)
    #expect(
      texts == [
        "fields of a Block cannot be assigned", "attempt to perform arithmetic on a Block value (upvalue 'block')",
        "attempt to compare two Block values", "attempt to concatenate a Block value (upvalue 'block')",
        "attempt to get length of a Block value (upvalue 'block')", "attempt to call a Block value (upvalue 'block')",
        "bad argument #1 to 'setmetatable' (table expected, got Block)",
        "bad argument #1 to 'rawset' (table expected, got Block)",
        "bad argument #1 to 'for iterator' (table expected, got Block)",
        "bad argument #1 to 'make' (number expected, got userdata)", "falseBlocknilfalse",
      ])
  }

  @Test("are walked through by pairs when the host allows it")
  func pairs() throws {
    let sandbox = try makeSandbox()
    var type = HandleType(kind: 9, name: "Options")
    type.operators["__pairs"] = { _ in [.table(LuaTable(["weight": .number(0.5)]))] }
    try sandbox.defineHandleType(type)
    let source = "return function(o) for key, value in pairs(o) do return key, value end end"
    let function = try #require(sandbox.load(source: source).asFunction)
    #expect(try sandbox.call(function, [.handle(LuaHandle(kind: 9, id: 1))]) == ["weight", .number(0.5)])
  }

  @Test("reach the host in tables that the script was given and gives back")
  func tables() throws {
    let sandbox = try sandbox()
    let source = "return function(kwargs) kwargs.mask = kwargs.latents kwargs.latents = moon.make(1) return kwargs end"
    let function = try #require(sandbox.load(source: source).asFunction)
    let latents = LuaValue.handle(LuaHandle(kind: 4, id: 50))
    let result = try #require(sandbox.call(function, [.table(LuaTable(["latents": latents]))]).first?.asTable)
    #expect(result["mask"] == latents)
    #expect(result["latents"] == .handle(LuaHandle(kind: 4, id: 1)))
    #expect(result.fields.count == 2)
  }
}
