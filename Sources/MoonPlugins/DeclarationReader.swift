internal import MoonLua

/// Reads the values of a declaration and refuses them in one voice.
struct DeclarationReader {
  /// The plugin as messages name it.
  let plugin: String

  /// The most entries of a table; no declaration has a use for more.
  private static let mostKeys = 1024

  func refuse(_ detail: String) -> PluginError { .badDeclaration(plugin: plugin, detail: detail) }

  /// Refuses keys that are not in `allowed`.
  func checkKeys(of table: LuaTable, allowed: [String], place: String) throws(PluginError) {
    let keys = table.entries.map(\.key)
    if keys.count > Self.mostKeys { throw refuse("\(place) has \(keys.count) entries, more than \(Self.mostKeys)") }
    func isText(_ key: LuaValue) -> Bool { if case .string = key { true } else { false } }
    if let unknown = PluginText.unknown(keys.filter(isText), besides: allowed) {
      throw refuse("\(place): unknown key \(unknown)")
    }
    let others = keys.filter { !isText($0) }
    if let other = others.map({ shown($0) }).min() { throw refuse("\(place): the key \(other) is not a word") }
  }

  /// A text within the limits; `nil` when absent and not required.
  func text(
    _ value: LuaValue, _ place: String, required: Bool, longest: Int = PluginText.maximumBytes
  ) throws(PluginError) -> String? {
    if case .nil = value {
      if required { throw refuse("\(place) is missing") }
      return nil
    }
    guard case .string = value else { throw refuse("\(place) must be a text, found \(value.typeName)") }
    guard let text = value.asText else { throw refuse("\(place) is not valid UTF-8") }
    if text.utf8.count > longest { throw refuse("\(place) is longer than \(longest) bytes") }
    return text
  }

  /// A list of texts; empty when absent.
  func textList(
    _ value: LuaValue, _ place: String, longest: Int = PluginText.maximumBytes
  ) throws(PluginError) -> [String] {
    if case .nil = value { return [] }
    guard case .table(let table) = value, let items = table.pureList else {
      throw refuse("\(place) must be a list of texts, found \(value.typeName)")
    }
    if items.count > 256 { throw refuse("\(place) has more than 256 entries") }
    var texts: [String] = []
    for (index, item) in items.enumerated() {
      texts.append(try text(item, "\(place), entry \(index + 1)", required: true, longest: longest) ?? "")
    }
    return texts
  }

  private func shown(_ key: LuaValue) -> String {
    switch key {
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    default: "(\(key.typeName))"
    }
  }
}
