internal import MoonLua
internal import MoonPlugins

/// What plugins make use of, noted for the tools that advise their authors.
final class PluginWitness {
  /// Names of options that were read.
  var readOptions: Set<String> = []
  /// Names of tensors in `kwargs` that were looked at.
  var touchedTensors: Set<String> = []
  /// Names of globals that were set.
  private(set) var globals: Set<String> = []
  /// What hooks that returned nothing had changed: `kwargs.latents of on_step_end`.
  private(set) var unreturned: Set<String> = []
  private var lister: LuaFunction?
  private var watcher: LuaFunction?
  /// The most globals of a run that are noted.
  private static let mostGlobals = 256

  /// Lua that remembers the globals that are there now, and returns a function that lists later ones.
  private static let listing = """
    local known, environment, following, kind = {}, _G, next, type
    for name in following, environment do known[name] = true end
    return function()
      local names = {}
      for name in following, environment do
        if not known[name] and kind(name) == "string" and #name <= 256 then names[#names + 1] = name end
        if #names >= 256 then break end
      end
      return names
    end
    """

  /// Lua that calls a hook, and where that returns nothing, returns the name of an entry that it has set in its last
  /// argument, too. As in a run the caller is a function of C, which no place in an error can name.
  private static let watching = """
    local following, same, pcall, error = next, rawequal, pcall, error
    return function(hook, pipe, step, t, values)
      local before = {}
      for name, value in following, values do before[name] = value end
      local is_done, result = pcall(hook, pipe, step, t, values)
      if not is_done then error(result, 0) end
      if result == nil then
        for name, value in following, values do
          if not same(value, before[name]) then return nil, name end
        end
      end
      return result
    end
    """

  /// Looks at a sandbox before the plugin's file runs in it.
  func begin(_ sandbox: LuaSandbox) throws {
    lister = try sandbox.loadBeside(Self.listing, name: "functions of checks")
    watcher = try sandbox.loadBeside(Self.watching, name: "functions of checks")
  }

  /// How a hook is called that is given tensors: the function to call, and its arguments before those of the hook.
  func watched(_ function: LuaFunction, _ hook: PluginManifest.Hook) -> (LuaFunction, [LuaValue]) {
    let takesTensors = [.stepBegin, .stepEnd, .guidance].contains(hook)
    guard takesTensors, let watcher else { return (function, []) }
    return (watcher, [.function(function)])
  }

  /// Takes what a watched hook returned.
  func saw(_ results: [LuaValue], of hook: PluginManifest.Hook) {
    if results.count > 1, results[0].isNil, let name = results[1].asName { noteUnreturned(name, of: hook) }
  }

  /// Notes that a hook changed an entry of its tensors and returned nothing.
  func noteUnreturned(_ name: String, of hook: PluginManifest.Hook) {
    if unreturned.count > 64 { return }
    let table = hook == .guidance ? "noise" : "kwargs"
    unreturned.insert("\(table).\(PluginText.escaped(String(name.prefix(64)))) of \(hook.rawValue)")
  }

  /// Looks at a sandbox after a run.
  func end(_ sandbox: LuaSandbox) {
    defer { (lister, watcher) = (nil, nil) }
    guard let lister, let names = try? sandbox.call(lister, []).first?.asTable else { return }
    globals.formUnion(names.list.prefix(Self.mostGlobals).compactMap(\.asName))
  }
}
