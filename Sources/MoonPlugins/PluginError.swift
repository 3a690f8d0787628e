/// What is wrong with a plugin's declaration, its options, or the way to it.
public enum PluginError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No plugin of that name in the folders searched, or no file at that path; `near` is a name that was perhaps meant.
  case notFound(name: String, searched: [String], near: String? = nil)
  /// A file that cannot be read, or that is too long.
  case unreadable(path: String, detail: String)
  /// A declaration that breaks a rule; `detail` names the key.
  case badDeclaration(plugin: String, detail: String)
  /// A plugin for other pipelines than the model's.
  case misfit(plugin: String, detail: String)
  /// An option value that does not fit its declaration.
  case badOption(plugin: String, detail: String)

  /// The error of a plugin for other pipelines than the model's.
  package static func wrongPipeline(plugin: String, pipelines: [String], model: String) -> PluginError {
    .misfit(plugin: plugin, detail: "the plugin fits \(pipelines.joined(separator: " and ")), not \(model)")
  }

  /// One sentence that begins with the plugin, where there is one.
  public var description: String {
    switch self {
    case .notFound(let name, let searched, let near):
      (searched.isEmpty
        ? "there is no plugin file '\(PluginText.escaped(name))'"
        : "there is no plugin '\(PluginText.escaped(name))' in \(searched.joined(separator: ", "))")
        + (near.map { "; did you mean \(PluginText.quoted($0))?" } ?? "")
    case .unreadable(let path, let detail): "\(path): \(detail)"
    case .badDeclaration(let plugin, let detail): "\(plugin): \(detail)"
    case .misfit(let plugin, let detail), .badOption(let plugin, let detail): "\(plugin): \(detail)"
    }
  }

  /// Whether the fault is the caller's (a wrong name or option value), not the plugin's.
  public var isUsage: Bool {
    switch self {
    case .notFound, .misfit, .badOption: true
    case .unreadable, .badDeclaration: false
    }
  }
}
