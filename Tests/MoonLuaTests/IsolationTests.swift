import MoonLua
import Testing

@Suite("Isolation of plugins") struct IsolationTests {
  @Test("keeps the marks of one script from the next, in both orders", arguments: [true, false])
  func plantedState(_ isPlantedFirst: Bool) throws {
    let order = isPlantedFirst ? ["plant", "probe"] : ["probe", "plant", "probe"]
    for name in order {
      let run = try ScriptRun(HostileCorpus.source("attacks/x_\(name)_state.lua"), name: name, limits: LuaLimits())
      #expect(run.error == nil)
    }
  }

  @Test("keeps two living sandboxes apart")
  func livingSandboxes() throws {
    let first = try makeSandbox()
    let second = try makeSandbox()
    _ = try first.load(source: "shared = 1 setmetatable(_G, { __index = function() return 7 end })")
    #expect(try second.load(source: "return shared") == .nil)
    let function = try #require(first.load(source: "return function() return 1 end").asFunction)
    let error = failure(of: second, function)
    #expect(error?.message == "test.lua: a function of another sandbox")
  }

  @Test("gives each sandbox its own random stream")
  func randomStreams() throws {
    let first = try makeSandbox()
    let second = try makeSandbox()
    let source = "return function() return math.random(1 << 50) end"
    let draw = try #require(first.load(source: source).asFunction)
    let other = try #require(second.load(source: source).asFunction)
    let expected = try (0..<4).map { _ in try first.call(draw, []) }
    #expect(try (0..<4).map { _ in try second.call(other, []) } == expected)
  }
}
