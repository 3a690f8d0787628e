internal import MoonLua
internal import MoonPlugins

/// Reads a table of named settings that a script gives to a function of the host.
struct SettingReader {
  private let arguments: HostArguments
  private let table: LuaTable

  /// A reader of the first argument, which is `table`.
  init(_ arguments: HostArguments, _ table: LuaTable) {
    self.arguments = arguments
    self.table = table
  }

  /// The error for a setting: `bad argument #1 to 'run' (steps is ...)`.
  func refusal(_ name: String, _ detail: String) -> HostError { arguments.bad(1, "\(name) \(detail)") }

  /// Refuses names that are not in `names`.
  func checkNames(_ names: [String]) throws {
    if let unknown = PluginText.unknown(table.entries.map(\.key), besides: names) {
      throw arguments.bad(1, "there is no setting \(unknown)")
    }
  }

  private func wrongType(_ name: String, _ wanted: String) -> HostError {
    refusal(name, "must be \(wanted), got \(arguments.context.typeName(table[name]))")
  }

  /// A text; `nil` where the setting is absent.
  func text(_ name: String) throws -> String? {
    if table[name].isNil { return nil }
    guard let text = table[name].asText, text.utf8.count <= PluginText.maximumBytes else {
      throw wrongType(name, "a text of at most \(PluginText.maximumBytes) bytes")
    }
    return text
  }

  /// One of some texts.
  func choice(_ name: String, _ choices: [String]) throws -> String? {
    guard let text = try text(name) else { return nil }
    if choices.contains(text) { return text }
    throw refusal(name, "is '\(PluginText.escaped(text))'" + PluginText.hint(for: text, in: choices))
  }

  /// A number that float32 can hold.
  func number(_ name: String) throws -> Double? {
    if table[name].isNil { return nil }
    guard let number = table[name].finiteNumber, Float(number).isFinite else {
      throw wrongType(name, "a finite number")
    }
    return number
  }

  /// A whole number in a range.
  func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
    if table[name].isNil { return nil }
    guard let number = table[name].asInteger else { throw wrongType(name, "a whole number") }
    if !range.contains(number) { throw refusal(name, "is \(number), outside \(range.lowerBound)..\(range.upperBound)") }
    return number
  }

  /// A truth value.
  func flag(_ name: String) throws -> Bool? {
    if table[name].isNil { return nil }
    guard let flag = table[name].asBoolean else { throw wrongType(name, "true or false") }
    return flag
  }

  /// A table of names with texts, numbers or truth values, in the order of the names.
  func pairs(_ name: String) throws -> [(key: String, value: String)] {
    if table[name].isNil { return [] }
    guard let pairs = table[name].asTable else { throw wrongType(name, "a table") }
    return try pairs.entries.map { entry in
      guard let key = entry.key.asName, let value = Self.plain(entry.value) else {
        throw refusal(name, "must have names with texts, numbers, true or false")
      }
      return (key, value)
    }.sorted { $0.key < $1.key }
  }

  /// A table of options as the JSON object that specifications of plugins take.
  func options(_ name: String) throws -> String {
    if table[name].isNil { return "" }
    guard let options = table[name].asTable else { throw wrongType(name, "a table") }
    if options.entries.count > OptionObject.most {
      throw refusal(name, "has more than \(OptionObject.most) entries")
    }
    let members = try options.entries.map { entry in
      guard let key = entry.key.asName, let value = Self.json(entry.value) else {
        throw refusal(name, "must have names with texts, numbers, lists of numbers, true or false")
      }
      return "\(Self.quoted(key)): \(value)"
    }
    let sorted = members.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return members.isEmpty ? "" : "{\(sorted.joined(separator: ", "))}"
  }

  private static func plain(_ value: LuaValue) -> String? {
    switch value {
    case .boolean(let flag): String(flag)
    case .integer(let number): String(number)
    case .number(let number) where number.isFinite: OptionDeclaration.shown(number)
    default: value.asText
    }
  }

  private static func json(_ value: LuaValue) -> String? {
    if case .table(let table) = value {
      let numbers = table.pureList?.map { $0.finiteNumber == nil ? nil : plain($0) }
      guard let numbers, !numbers.contains(nil) else { return nil }
      return "[\(numbers.compactMap(\.self).joined(separator: ", "))]"
    }
    if case .string = value { return value.asText.map { quoted($0) } }
    return plain(value)
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" || scalar.value < 0x20 {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
