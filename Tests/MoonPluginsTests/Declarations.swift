import MoonLua
import MoonPlugins

/// What a plugin file returns, for tests of the rules: the value of a Lua chunk.
enum Declarations {
  /// The value that `source` returns in a sandbox.
  static func value(_ source: String) throws -> LuaValue {
    let sandbox = try LuaSandbox(name: "x.lua", randomSeed: 1) { _ in }
    // The functions in the value live as long as the sandbox does; the tests look at no function after that.
    return try sandbox.load(source: Array(source.utf8))
  }

  /// The manifest that `source` declares.
  static func manifest(_ source: String, fileStem: String = "x") throws -> PluginManifest {
    try PluginManifest(value(source), plugin: "x.lua", fileStem: fileStem)
  }

  /// The message with which a declaration is refused; nil when it is taken.
  static func refusal(_ source: String) throws -> String? {
    do {
      _ = try manifest(source)
      return nil
    } catch let error as PluginError {
      return "\(error)"
    }
  }

  /// A table with the required keys, a hook and `more`.
  static func table(_ more: String, id: String = "\"x\"", version: String = "\"1.0\"", api: String = "1") -> String {
    "return { id = \(id), version = \(version), api = \(api), on_step_end = function() end, \(more) }"
  }

  /// The declared options of `options = { <text> }`.
  static func options(_ text: String) throws -> [OptionDeclaration] {
    try manifest(table("options = { \(text) }")).options
  }
}
