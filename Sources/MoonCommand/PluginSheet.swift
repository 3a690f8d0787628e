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
    return description.options.isEmpty ? sheet : sheet + "\n" + options
  }

  /// The options, a line each: name, kind of value, default, range or choices, help.
  private var options: String {
    var table = TextTable([.left, .left, .left, .left, .left])
    table.add(["option", "type", "default", "range", "help"])
    for option in description.options {
      table.add([
        option.name, option.kind.rawValue,
        option.defaultValue.map { PluginText.escaped($0.json.text) } ?? (option.isRequired ? "required" : "-"),
        Self.range(of: option), PluginText.escaped(option.help),
      ])
    }
    return table.text
  }

  private var tensors: String {
    guard let names = description.tensorInputs else { return "every name on offer" }
    return names.isEmpty ? "none" : names.map { PluginText.escaped($0) }.joined(separator: ", ")
  }

  /// What an option may hold: `0 to 2.5`, `from 0`, or its choices.
  private static func range(of option: OptionDeclaration) -> String {
    if !option.choices.isEmpty { return option.choices.map { PluginText.escaped($0) }.joined(separator: ", ") }
    return
      switch (option.minimum.map { OptionDeclaration.shown($0) }, option.maximum.map { OptionDeclaration.shown($0) })
    {
    case (let minimum?, let maximum?): "\(minimum) to \(maximum)"
    case (let minimum?, nil): "from \(minimum)"
    case (nil, let maximum?): "up to \(maximum)"
    case (nil, nil): "-"
    }
  }
}
