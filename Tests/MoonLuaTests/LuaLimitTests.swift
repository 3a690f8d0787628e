import Foundation
import MoonLua
import Testing

@Suite("Lua limits") struct LuaLimitTests {
  private func limits(_ change: (inout LuaLimits) -> Void) -> LuaLimits {
    var limits = LuaLimits()
    change(&limits)
    return limits
  }

  /// The error of a script that runs `body` once.
  private func failure(_ body: String, _ limits: LuaLimits) throws -> LuaError? {
    let sandbox = try makeSandbox(limits)
    defer { #expect(sandbox.close() == 0) }
    let function = try #require(sandbox.load(source: "return function()\n\(body)\nend").asFunction)
    return MoonLuaTests.failure(of: sandbox, function)
  }

  @Test("end a call after its time")
  func callTime() throws {
    let error = try failure("while true do end", limits { $0.callTime = .milliseconds(100) })
    #expect(error?.message == "test.lua:2: time limit: one call may take 100 milliseconds")
    #expect(error?.kind == .timeLimit)
    #expect(error?.isFinal == true)
  }

  @Test("end all calls together after the time of a run")
  func runTime() throws {
    let sandbox = try makeSandbox(limits { $0.runTime = .milliseconds(200) })
    let source = "return function() local n = 0 for i = 1, 5e6 do n = n + i end end"
    let function = try #require(sandbox.load(source: source).asFunction)
    var error: LuaError?
    for _ in 0..<1000 where error == nil { error = MoonLuaTests.failure(of: sandbox, function) }
    #expect(error?.message == "test.lua:1: time limit: a plugin may take 200 milliseconds of a run")
    #expect(sandbox.timeUsed >= .milliseconds(200))
  }

  @Test("end a call after its instructions")
  func instructions() throws {
    let error = try failure(
      "pcall(function() while true do end end)",
      limits {
        $0.callInstructions = 1_000_000
        $0.callTime = .seconds(100)
      })
    #expect(error?.message == "test.lua:2: instruction limit: one call may run 1000000 instructions")
    #expect(error?.kind == .instructionLimit)
  }

  @Test("end a script that needs more memory, and count it exactly")
  func memory() throws {
    let sandbox = try makeSandbox(limits { $0.memoryBytes = 4 << 20 })
    let source = "return function() local keep = {} while true do keep[#keep + 1] = { #keep } end end"
    let function = try #require(sandbox.load(source: source).asFunction)
    let error = MoonLuaTests.failure(of: sandbox, function)
    #expect(error?.message == "test.lua:1: memory limit: a plugin may use 4 MiB of Lua memory")
    #expect(error?.kind == .memoryLimit)
    #expect(sandbox.peakMemory <= 4 << 20)
    #expect(sandbox.peakMemory > 3 << 20)
    #expect(sandbox.close() == 0)
  }

  @Test("name the other ways to run out of memory")
  func kindsOfMemory() throws {
    let patient = limits { $0.callTime = .seconds(50) }
    let string = try failure("local s = ('x'):rep(5 << 20)", patient)
    #expect(string?.message == "test.lua:2: memory limit: a string may have 4 MiB")
    let joined = try failure("local s = ('x'):rep(3 << 20) s = s .. s", patient)
    #expect(joined?.message == "test.lua:2: memory limit: a string may have 4 MiB")
    let deep = try failure("local function f() return 1 + f() end return f()", patient)
    #expect(deep?.message == "test.lua:2: stack overflow: calls are nested too deeply")
    let keys = try failure("local t = {} for k = 1, 1 << 16 do t[k * 131071] = k end t[0] = 0 t[-1] = 0", patient)
    #expect(keys?.message == "test.lua:2: memory limit: too many keys of a table fall on one place")
  }

  @Test("let a table hold as many keys as memory allows when they do not collide")
  func largeTables() throws {
    let error = try failure(
      """
      local t, n = {}, 0
      for i = 1, 100000 do t["k" .. i] = i end
      for i = 1, 100000 do t[i * 3] = i end
      for i = 1, 100000 do t[i + 0.25] = i end
      for k in pairs(t) do n = n + 1 end
      assert(n == 300000)
      """, limits { $0.callTime = .seconds(20) })
    #expect(error == nil)
  }

  @Test("collect garbage before they refuse")
  func garbage() throws {
    let error = try failure(
      "for i = 1, 300 do local s = ('x'):rep(1 << 20) .. i end",
      limits {
        $0.memoryBytes = 8 << 20
        $0.callTime = .seconds(50)
      })
    #expect(error == nil)
  }

  @Test("stop when the host asks, also in a function of C")
  func stopRequest() throws {
    let sandbox = try makeSandbox()
    let start = ContinuousClock.now
    sandbox.isStopRequested = { ContinuousClock.now - start > .milliseconds(50) }
    let function = try #require(
      sandbox.load(source: "return function() table.move({}, 1, math.maxinteger - 1, 2, {}) end").asFunction)
    let error = MoonLuaTests.failure(of: sandbox, function)
    #expect(error?.message == "test.lua:1: stopped by the host")
    #expect(error?.kind == .stopped)
  }

  @Test("tell a long host function to stop, whose result no longer counts")
  func shouldStop() throws {
    let sandbox = try makeSandbox(limits { $0.callTime = .milliseconds(50) })
    try sandbox.define(table: "moon", name: "work") { [unowned sandbox] _ in
      while !sandbox.shouldStop {}
      return ["done"]
    }
    let function = try #require(sandbox.load(source: "return function() return pcall(moon.work) end").asFunction)
    #expect(MoonLuaTests.failure(of: sandbox, function)?.kind == .timeLimit)
  }

  @Test("do not count work that is the host's own")
  func pausedClock() throws {
    let sandbox = try makeSandbox(limits { $0.callTime = .milliseconds(100) })
    try sandbox.define(table: "moon", name: "encode") { [unowned sandbox] _ in
      sandbox.withoutTimeLimit {
        sandbox.withoutTimeLimit { Thread.sleep(forTimeInterval: 0.1) }
        Thread.sleep(forTimeInterval: 0.1)
      }
      return []
    }
    let function = try #require(sandbox.load(source: "return function() moon.encode() return 1 end").asFunction)
    #expect(MoonLuaTests.failure(of: sandbox, function) == nil)
    #expect(sandbox.timeUsed < .milliseconds(100))
  }

  @Test("keep an ended script ended")
  func sticky() throws {
    let sandbox = try makeSandbox(limits { $0.callTime = .milliseconds(20) })
    let function = try #require(sandbox.load(source: "return function(x) while x do end return 1 end").asFunction)
    #expect(MoonLuaTests.failure(of: sandbox, function, [.boolean(true)])?.kind == .timeLimit)
    #expect(MoonLuaTests.failure(of: sandbox, function, [.boolean(false)])?.kind == .timeLimit)
    #expect(throws: LuaError.self) { try sandbox.load(source: "return 1") }
  }

  @Test("cut the log once, with one note")
  func logLimit() throws {
    var lines: [String] = []
    let sandbox = try makeSandbox(limits { $0.logBytes = 1000 }) { lines.append($0) }
    _ = try sandbox.load(source: "for i = 1, 500 do print(i, 'line') end")
    #expect(lines.first == "1\tline")
    #expect(lines.last == "(the log of test.lua ends here: its limit is 1000 bytes)")
    #expect(lines.count == 63)  // sixteen bytes a short line, and the note
  }

  @Test("refuse a thread whose stack is too small")
  func smallStack() async throws {
    let message = await withCheckedContinuation { continuation in
      let thread = Thread {
        let sandbox = try? makeSandbox()
        do throws(LuaError) {
          _ = try sandbox?.load(source: "return 1")
          continuation.resume(returning: "loaded")
        } catch {
          continuation.resume(returning: error.message)
        }
      }
      thread.stackSize = 512 << 10
      thread.start()
    }
    #expect(message == "test.lua: the thread's stack is too small for Lua")
  }
}
