public import MoonPlugins
internal import Synchronization

/// Options of a run's plugins that are changed while the run goes, from any thread.
///
/// A plugin finds a new value in `pipe.options` from its next hook on, never in the middle of one.
/// ```swift
/// let run = GenerationRun(plugins: ["guidance_ramp"])
/// try await run.loadPlugins(seed: 1)
/// Task { try run.options.set("final=3", ofPlugin: 0) }
/// ```
public final class LiveOptions: Sendable {
  private struct Entry {
    let path: String
    let declarations: [OptionDeclaration]
    var changes: [String: OptionValue] = [:]
  }

  private let entries = Mutex<[Entry]>([])

  init() {}

  /// Changes options of a plugin.
  ///
  /// - Parameters:
  ///   - text: `key=value,...` or a JSON object, as on the command line.
  ///   - number: The plugin's place in the order of the calls, from 0.
  /// - Throws: `PluginError.badOption` for a value that does not fit its declaration, `.notFound` where the run has no
  ///   such plugin.
  public func set(_ text: String, ofPlugin number: Int) throws(PluginError) {
    let entry = entries.withLock { $0.indices.contains(number) ? $0[number] : nil }
    guard let entry else { throw PluginError.notFound(name: "number \(number)", searched: ["this run"]) }
    let given = try OptionReader.given(in: text, declarations: entry.declarations, plugin: entry.path)
    entries.withLock { entries in
      if entries.indices.contains(number) { entries[number].changes.merge(given) { $1 } }
    }
  }

  /// Takes the plugins of a run in place of those of the one before.
  func begin(_ plugins: [LuaPlugin]) {
    let new = plugins.map { Entry(path: $0.package.path, declarations: $0.manifest.options) }
    entries.withLock { $0 = new }
  }

  /// What was changed since the last call; nothing the next time.
  func takeChanges(ofPlugin number: Int) -> [String: OptionValue] {
    entries.withLock { entries in
      guard entries.indices.contains(number), !entries[number].changes.isEmpty else { return [:] }
      defer { entries[number].changes = [:] }
      return entries[number].changes
    }
  }
}
