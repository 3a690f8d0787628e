internal import MoonHost
internal import MoonPlugins
internal import MoonTensor

/// What an axis of a sheet changes.
enum SheetTarget: Sendable {
  /// A parameter of the run.
  case parameter(RunParameter)
  /// The last plugin.
  case plugin
  /// An option of a plugin, which is named by its id where several have the option.
  case option(plugin: String?, name: String)

  /// The value of an axis of plugins that stands for none.
  static let none = "none"

  /// What the name of an axis stands for; a parameter goes before an option of the same name.
  init(_ name: String) {
    if let parameter = RunParameter.named(name) {
      self = .parameter(parameter)
    } else if name == "plugin" || name == "callback" {
      self = .plugin
    } else if let point = name.firstIndex(of: ".") {
      self = .option(plugin: String(name[..<point]), name: String(name[name.index(after: point)...]))
    } else {
      self = .option(plugin: nil, name: name)
    }
  }

  /// Plugins are there before their options are set.
  var order: Int {
    switch self {
    case .parameter: 0
    case .plugin: 1
    case .option: 2
    }
  }

  /// Whether two axes would change the same.
  func isSame(as other: SheetTarget) -> Bool {
    switch (self, other) {
    case (.parameter(let left), .parameter(let right)): left.name == right.name
    case (.plugin, .plugin): true
    case (.option(let left, let name), .option(let right, let otherName)):
      name == otherName && (left == right || left == nil || right == nil)
    default: false
    }
  }

  /// The options of the run's own that messages name for the parameter.
  var options: [String] {
    guard case .parameter(let parameter) = self else { return [] }
    return ([parameter.name] + parameter.otherNames).map { "--" + $0.replacing("_", with: "-") }
  }

  /// Whether the plugin has the option that is meant.
  func fits(_ plugin: PluginDescription) -> Bool {
    guard case .option(let id, let name) = self else { return false }
    return (id == nil || id == plugin.id) && plugin.options.contains { $0.name == name }
  }
}
