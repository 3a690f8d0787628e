package import MoonHost
internal import MoonPlugins

/// What is told of a plugin to a person.
package struct PluginSheet: Sendable {
  private let description: PluginDescription

  /// A sheet of what the plugin says of itself.
  package init(_ description: PluginDescription) { self.description = description }

  /// Everything: a line for each word of the declaration, then the options.
  package var text: String {
    var lines = [("id", description.id), ("version", description.version)]
    lines += description.texts.map { ($0.name, PluginText.escaped($0.text)) }
    lines += [
      ("pipelines", description.pipelines.joined(separator: ", ")),
      ("tensors", tensors), ("hooks", description.hooks.joined(separator: ", ")),
      ("file", PluginText.escaped(description.path)), ("sha256", description.sha256),
    ]
    let width = lines.map(\.0.count).max() ?? 0
    let sheet = lines.map { $0 + String(repeating: " ", count: width + 2 - $0.count) + $1 + "\n" }.joined()
    return sheet + description.options.map { "\n" + Self.text(of: $0) }.joined()
  }

  private var tensors: String {
    guard let names = description.tensorInputs else { return "every name on offer" }
    return names.isEmpty ? "none" : names.map { PluginText.escaped($0) }.joined(separator: ", ")
  }

  private static func text(of option: OptionDeclaration) -> String {
    var line = "\(option.name)=\(option.kind.rawValue)"
    if !option.choices.isEmpty { line += " (\(option.choices.map { PluginText.escaped($0) }.joined(separator: ", ")))" }
    switch (option.minimum.map { OptionDeclaration.shown($0) }, option.maximum.map { OptionDeclaration.shown($0) }) {
    case (let minimum?, let maximum?): line += " from \(minimum) to \(maximum)"
    case (let minimum?, nil): line += " from \(minimum)"
    case (nil, let maximum?): line += " up to \(maximum)"
    case (nil, nil): break
    }
    if let value = option.defaultValue { line += ", default \(PluginText.escaped(value.json.text))" }
    return line + "\n" + (option.help.isEmpty ? "" : "  \(PluginText.escaped(option.help))\n")
  }
}
