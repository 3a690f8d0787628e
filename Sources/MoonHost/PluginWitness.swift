internal import MoonLua

/// What plugins make use of, noted for the tools that advise their authors.
final class PluginWitness {
  /// Names of options that were read.
  var readOptions: Set<String> = []
  /// Names of tensors in `kwargs` that were looked at.
  var touchedTensors: Set<String> = []
  /// Names of globals that were set.
  private(set) var globals: Set<String> = []
  private var lister: LuaFunction?
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

  /// Looks at a sandbox before the plugin's file runs in it.
  func begin(_ sandbox: LuaSandbox) throws {
    lister = try sandbox.load(source: Array(Self.listing.utf8)).asFunction
  }

  /// Looks at a sandbox after a run.
  func end(_ sandbox: LuaSandbox) {
    guard let lister, let names = try? sandbox.call(lister, []).first?.asTable else { return }
    globals.formUnion(names.list.prefix(Self.mostGlobals).compactMap(\.asName))
    self.lister = nil
  }
}
