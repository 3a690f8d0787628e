import MoonLua
import Testing

@Suite("Cost of the sandbox") struct LuaCostTests {
  #if DEBUG
    /// Unoptimised Swift, of which a call is mostly made, takes about ten times as long.
    private static let slowness = 10
  #else
    private static let slowness = 1
  #endif

  /// The shortest time of one repetition over several batches, so that other work on the machine does not count.
  private func cost(of repetitions: Int, _ body: () throws -> Void) rethrows -> Duration {
    var best = Duration.seconds(1000)
    for _ in 0..<20 {
      let start = ThreadClock.now
      try body()
      best = min(best, (ThreadClock.now - start) / repetitions)
    }
    return best
  }

  @Test("is under 20 microseconds for a hook call that does nothing")
  func emptyCall() throws {
    let sandbox = try makeSandbox()
    try StandIns.define(in: sandbox)
    let function = try #require(
      sandbox.load(source: "return function(pipe, step, t, kwargs) return kwargs end").asFunction)
    let arguments = [StandIns.pipe, .integer(3), .number(999), StandIns.arguments]
    let cost = try cost(of: 500) { for _ in 0..<500 { _ = try sandbox.call(function, arguments) } }
    #expect(cost < .microseconds(20) * Self.slowness)
  }

  @Test("is under 2 microseconds for a handle that a host function makes")
  func newHandle() throws {
    let sandbox = try makeSandbox()
    try sandbox.defineHandleType(HandleType(kind: 2, name: "Tensor"))
    var next: UInt64 = 0
    try sandbox.define(table: "moon", name: "make") { _ in
      next += 1
      return [.handle(LuaHandle(kind: 2, id: next))]
    }
    let source = "return function() local make = moon.make for i = 1, 10000 do local handle = make() end end"
    let function = try #require(sandbox.load(source: source).asFunction)
    let cost = try cost(of: 10000) { _ = try sandbox.call(function, []) }
    #expect(cost < .microseconds(2) * Self.slowness)
  }

  @Test("is under a millisecond for a new sandbox")
  func newSandbox() throws {
    let cost = try cost(of: 20) { for _ in 0..<20 { _ = try makeSandbox().load(source: "return 1") } }
    #expect(cost < .milliseconds(1) * Self.slowness)
  }
}
