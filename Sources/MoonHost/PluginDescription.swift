package import MoonPlugins

/// What a plugin says of itself, told without a run.
package struct PluginDescription: Sendable {
  /// Where it lies.
  package let path: String
  /// SHA-256 of its main file, in hexadecimal.
  package let sha256: String
  /// Its id.
  package let id: String
  /// Its version.
  package let version: String
  /// Its texts, in the order of the declaration; empty ones are left out.
  package let texts: [(name: String, text: String)]
  /// Pipelines that it fits.
  package let pipelines: [String]
  /// Names of the tensors that its callback gets; `nil` for every name on offer.
  package let tensorInputs: [String]?
  /// Names of its hooks, in the order of a run.
  package let hooks: [String]
  /// Its options.
  package let options: [OptionDeclaration]

  init(_ plugin: LuaPlugin) {
    let manifest = plugin.manifest
    path = plugin.package.path
    sha256 = SHA256.hexadecimal(of: plugin.package.source)
    id = manifest.id
    version = manifest.version
    texts = [
      ("summary", manifest.summary), ("license", manifest.license), ("author", manifest.author),
      ("homepage", manifest.homepage), ("tags", manifest.tags.joined(separator: ", ")),
    ].filter { !$0.1.isEmpty }
    pipelines = manifest.pipelines
    tensorInputs = manifest.tensorInputs
    hooks = PluginManifest.Hook.allCases.filter { plugin.has($0) }.map(\.rawValue)
    options = manifest.options
  }
}

/// Loads plugins to ask what they are, on a thread of its own.
package actor PluginReader {
  private let thread = RunThread()
  private let limits: PluginLimits

  /// The reader's own thread.
  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

  /// A reader whose plugins may use `limits`.
  package init(limits: PluginLimits = PluginLimits()) { self.limits = limits }

  /// What the plugin of that id or path says of itself; its file is run, its hooks are not.
  package func describe(_ name: String, in registry: PluginRegistry) throws -> PluginDescription {
    let plugin = try LuaPlugin(
      PluginSpecification(name), registry: registry, limits: limits, number: 0, seed: 0, imageFolder: { _ in nil },
      log: { _ in }, isRun: false)
    return PluginDescription(plugin)
  }
}
