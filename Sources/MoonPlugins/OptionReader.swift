internal import Foundation
internal import MoonLua

/// Option values from a command line, from JSON and from Lua.
package enum OptionReader {
  /// The values of all options of a plugin: the given ones checked, the defaults for the rest.
  ///
  /// - Parameters:
  ///   - text: `key=value,key=value` or a JSON object; an entry without `=` continues the list before it.
  ///   - declarations: What the plugin declares.
  ///   - plugin: The plugin as messages name it.
  ///   - isRun: Whether the plugin is to run, so that what is required must be there.
  /// - Returns: One entry for each option that has a value, in the order of the declarations.
  /// - Throws: `PluginError.badOption`.
  package static func values(
    from text: String, declarations: [OptionDeclaration], plugin: String, isRun: Bool = true
  ) throws(PluginError) -> [(name: String, value: OptionValue)] {
    let given = try given(in: text, declarations: declarations, plugin: plugin)
    for declaration in declarations where isRun && declaration.isRequired && given[declaration.name] == nil {
      let example = declaration.example.map { ", for example \($0.text)" } ?? ""
      throw PluginError.badOption(
        plugin: plugin, detail: "option '\(declaration.name)' must be given\(PluginText.escaped(example))")
    }
    return declarations.compactMap { declaration in
      (given[declaration.name] ?? declaration.defaultValue).map { (declaration.name, $0) }
    }
  }

  /// The values that a text gives, checked.
  ///
  /// - Parameters:
  ///   - text: As for `values`.
  ///   - declarations: What the plugin declares.
  ///   - plugin: The plugin as messages name it.
  /// - Returns: The values by the options' names.
  /// - Throws: `PluginError.badOption`.
  package static func given(
    in text: String, declarations: [OptionDeclaration], plugin: String
  ) throws(PluginError) -> [String: OptionValue] {
    let given =
      text.hasPrefix("{")
      ? try json(text, declarations, plugin) : try pairs(text, declarations, plugin)
    for (name, value) in given {
      guard let declaration = declarations.first(where: { $0.name == name }) else { continue }
      if let fault = declaration.fault(in: value) {
        throw PluginError.badOption(plugin: plugin, detail: "option '\(name)' \(fault)")
      }
    }
    return given
  }

  /// The text that `given` reads as these values.
  package static func text(of values: [(name: String, value: OptionValue)]) -> String {
    let object = Dictionary(values.map { ($0.name, $0.value) }) { _, last in last }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return object.isEmpty ? "" : (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static func declaration(
    _ name: String, _ declarations: [OptionDeclaration], _ plugin: String
  ) throws(PluginError) -> OptionDeclaration {
    if let found = declarations.first(where: { $0.name == name }) { return found }
    throw PluginError.badOption(
      plugin: plugin,
      detail: "there is no option '\(PluginText.escaped(name))'"
        + PluginText.hint(for: name, in: declarations.map(\.name)))
  }

  private static func pairs(
    _ text: String, _ declarations: [OptionDeclaration], _ plugin: String
  ) throws(PluginError) -> [String: OptionValue] {
    var entries: [(name: String, text: String)] = []
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      // A comma at an end stands for nothing, one too many in a list is a slip.
      if part.isEmpty && (entries.isEmpty || index == parts.count - 1) { continue }
      if let mark = part.firstIndex(of: "=") {
        entries.append((String(part[..<mark]), String(part[part.index(after: mark)...])))
      } else if let last = entries.indices.last {
        entries[last].text += "," + part
      } else {
        throw PluginError.badOption(plugin: plugin, detail: "'\(PluginText.escaped(String(part)))' is not key=value")
      }
    }
    var values: [String: OptionValue] = [:]
    for (name, text) in entries {
      let declaration = try declaration(name, declarations, plugin)
      if values[name] != nil { throw PluginError.badOption(plugin: plugin, detail: "option '\(name)' is given twice") }
      values[name] = try value(of: text, for: declaration, plugin: plugin)
    }
    return values
  }

  /// The value of one option from its text alone, of the right kind.
  private static func value(
    of text: String, for declaration: OptionDeclaration, plugin: String
  ) throws(PluginError) -> OptionValue {
    try value(of: text, kind: declaration.kind).orThrow(
      PluginError.badOption(
        plugin: plugin,
        detail: "option '\(declaration.name)' must be \(OptionDeclaration.article(declaration.kind)), found "
          + "'\(PluginText.escaped(text))'"))
  }

  /// A specification's options with one of them replaced, as a text that `given` reads.
  ///
  /// - Parameters:
  ///   - text: The options, as for `values`.
  ///   - declaration: The option to set.
  ///   - value: Its value, all of it, commas included.
  ///   - declarations: What the plugin declares.
  ///   - plugin: The plugin as messages name it.
  /// - Returns: All options that are given.
  /// - Throws: `PluginError.badOption`.
  package static func text(
    _ text: String, setting declaration: OptionDeclaration, to value: String, declarations: [OptionDeclaration],
    plugin: String
  ) throws(PluginError) -> String {
    var values = try given(in: text, declarations: declarations, plugin: plugin)
    let new = try self.value(of: value, for: declaration, plugin: plugin)
    if let fault = declaration.fault(in: new) {
      throw PluginError.badOption(plugin: plugin, detail: "option '\(declaration.name)' \(fault)")
    }
    values[declaration.name] = new
    return self.text(of: values.map { ($0.key, $0.value) })
  }

  private static func json(
    _ text: String, _ declarations: [OptionDeclaration], _ plugin: String
  ) throws(PluginError) -> [String: OptionValue] {
    let object: OptionObject
    do {
      object = try OptionObject(text)
    } catch {
      throw PluginError.badOption(plugin: plugin, detail: error.detail)
    }
    var values: [String: OptionValue] = [:]
    for (name, item) in object.members {
      let declaration = try declaration(name, declarations, plugin)
      values[name] = try value(of: item, kind: declaration.kind).orThrow(
        PluginError.badOption(
          plugin: plugin, detail: "option '\(name)' must be \(OptionDeclaration.article(declaration.kind))"))
    }
    return values
  }

  private static func value(of text: String, kind: OptionDeclaration.Kind) -> OptionValue? {
    switch kind {
    case .number: Double(text).flatMap { $0.isFinite ? .number($0) : nil }
    case .integer: Int64(text).map { .integer($0) }
    case .boolean:
      switch text {
      case "true", "1", "yes", "on": .boolean(true)
      case "false", "0", "no", "off": .boolean(false)
      default: nil
      }
    case .string, .choice: .string(text)
    case .numbers:
      text.isEmpty
        ? .numbers([])
        : list(
          text.split(separator: ",", omittingEmptySubsequences: false).map {
            Double($0.trimmingCharacters(in: .whitespaces))
          })
    }
  }

  private static func value(of item: OptionObject.Value, kind: OptionDeclaration.Kind) -> OptionValue? {
    switch (kind, item) {
    case (.boolean, .boolean(let flag)): .boolean(flag)
    case (.number, .number(let number)): .number(number)
    case (.number, .integer(let number)): .number(Double(number))
    case (.integer, .integer(let number)): .integer(number)
    case (.integer, .number(let number)): Int64(exactly: number).map { .integer($0) }
    case (.string, .string(let text)), (.choice, .string(let text)): .string(text)
    case (.numbers, .numbers(let numbers)): .numbers(numbers)
    default: nil
    }
  }

  private static func list(_ numbers: [Double?]) -> OptionValue? {
    let finite = numbers.compactMap { $0 }.filter(\.isFinite)
    return finite.count == numbers.count ? .numbers(finite) : nil
  }

  /// The value of a Lua default.
  static func value(of value: LuaValue, kind: OptionDeclaration.Kind) -> OptionValue? {
    switch (kind, value) {
    case (.boolean, .boolean(let flag)): .boolean(flag)
    case (.integer, .integer(let number)): .integer(number)
    case (.integer, .number(let number)): Int64(exactly: number).map { .integer($0) }
    case (.number, _): value.finiteNumber.map { .number($0) }
    case (.string, .string), (.choice, .string): value.asText.map { .string($0) }
    case (.numbers, .table(let table)): table.pureList.flatMap { list($0.map(\.finiteNumber)) }
    default: nil
    }
  }
}
