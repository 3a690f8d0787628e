internal import MoonLua

extension LuaSandbox {
  /// Loads Lua of the host's own by the script's `load`, so that errors do not name it as a file of the plugin.
  ///
  /// - Parameters:
  ///   - source: A chunk that returns a function.
  ///   - name: What errors call the chunk.
  /// - Returns: The function; nil where the chunk returns something else.
  /// - Throws: `LuaError`.
  func loadBeside(_ source: String, name: LuaString) throws -> LuaFunction? {
    guard let load = try self.load(source: Array("return load".utf8)).asFunction,
      let chunk = try call(load, [.string(LuaString(source)), .string(name)]).first?.asFunction
    else { return nil }
    return try call(chunk, []).first?.asFunction
  }
}
