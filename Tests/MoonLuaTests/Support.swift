import MoonLua

extension LuaSandbox {
  /// Loads a script from its text.
  func load(source: String) throws(LuaError) -> LuaValue { try load(source: Array(source.utf8)) }
}

/// A sandbox whose main file is `test.lua`.
func makeSandbox(_ limits: LuaLimits = LuaLimits(), log: @escaping (String) -> Void = { _ in }) throws -> LuaSandbox {
  try LuaSandbox(name: "test.lua", limits: limits, randomSeed: 1, log: log)
}

/// The error that a call ends in, or nil when it returns.
func failure(of sandbox: LuaSandbox, _ function: LuaFunction, _ arguments: [LuaValue] = []) -> LuaError? {
  do throws(LuaError) {
    _ = try sandbox.call(function, arguments)
    return nil
  } catch {
    return error
  }
}
