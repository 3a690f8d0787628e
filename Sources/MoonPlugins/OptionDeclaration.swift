internal import MoonLua

/// One declared option of a plugin.
package struct OptionDeclaration: Sendable, Equatable {
  /// The kinds of value that an option can have.
  package enum Kind: String, Sendable, CaseIterable {
    case number, integer, boolean, string, choice, numbers
  }

  package let name: String
  package let kind: Kind
  package private(set) var defaultValue: OptionValue?
  package let minimum: Double?
  package let maximum: Double?
  package let choices: [String]
  package let help: String
  /// Whether a run without a value is refused.
  package let isRequired: Bool
  /// A value that shows what the option takes; checks of the plugin try it.
  package private(set) var example: OptionValue?

  /// Checks the table `value` that declares the option `name`.
  ///
  /// - Throws: A sentence about the first rule that is broken.
  init(_ name: String, _ value: LuaValue, _ reader: DeclarationReader) throws(PluginError) {
    guard case .table(let table) = value else {
      throw reader.refuse("option '\(name)' must be a table, found \(value.typeName)")
    }
    let place = "option '\(name)'"
    try reader.checkKeys(
      of: table, allowed: ["type", "default", "required", "example", "min", "max", "choices", "help"], place: place)
    let typeName =
      try reader.text(table["type"], "\(place): 'type'", required: true, longest: LuaString.longestName) ?? ""
    guard let kind = Kind(rawValue: typeName) else {
      throw reader.refuse(
        "\(place): there is no type \(PluginText.quoted(typeName))"
          + PluginText.hint(for: typeName, in: Kind.allCases.map(\.rawValue)))
    }
    self.name = name
    self.kind = kind
    help = try reader.text(table["help"], "\(place): 'help'", required: false) ?? ""
    switch table["required"] {
    case .nil: isRequired = false
    case .boolean(let flag): isRequired = flag
    default: throw reader.refuse("\(place): 'required' must be true or false, found \(table["required"].typeName)")
    }
    if isRequired && !table["default"].isNil {
      throw reader.refuse("\(place): what is required has no 'default'")
    }
    let isNumeric = kind == .number || kind == .integer || kind == .numbers
    minimum = try Self.bound(table["min"], "min", isNumeric, place, reader)
    maximum = try Self.bound(table["max"], "max", isNumeric, place, reader)
    if let minimum, let maximum, minimum > maximum { throw reader.refuse("\(place): 'min' is above 'max'") }
    if kind == .choice {
      choices = try reader.textList(table["choices"], "\(place): 'choices'", longest: LuaString.longestName)
      if choices.isEmpty || Set(choices).count != choices.count {
        throw reader.refuse("\(place): 'choices' must list different texts, at least one")
      }
    } else if case .nil = table["choices"] {
      choices = []
    } else {
      throw reader.refuse("\(place): only the type 'choice' has 'choices'")
    }
    defaultValue = try checked("default", of: table, place, reader)
    example = try checked("example", of: table, place, reader)
  }

  /// The value that the declaration gives under a key, checked; `nil` where there is none.
  private func checked(
    _ key: String, of table: LuaTable, _ place: String, _ reader: DeclarationReader
  ) throws(PluginError) -> OptionValue? {
    if table[key].isNil { return nil }
    let value = try OptionReader.value(of: table[key], kind: kind)
      .orThrow(reader.refuse("\(place): '\(key)' must be \(Self.article(kind)), found \(table[key].typeName)"))
    if let fault = fault(in: value) { throw reader.refuse("\(place): '\(key)' \(fault)") }
    return value
  }

  private static func bound(
    _ value: LuaValue, _ key: String, _ isNumeric: Bool, _ place: String, _ reader: DeclarationReader
  ) throws(PluginError) -> Double? {
    if case .nil = value { return nil }
    guard isNumeric else { throw reader.refuse("\(place): only numbers have '\(key)'") }
    guard let number = value.finiteNumber else { throw reader.refuse("\(place): '\(key)' must be a finite number") }
    return number
  }

  /// What is wrong with `value` for this option, as the end of a sentence; `nil` when nothing is.
  package func fault(in value: OptionValue) -> String? {
    switch (kind, value) {
    case (.number, .number(let number)): return rangeFault(number)
    case (.integer, .integer(let number)): return rangeFault(Double(number))
    case (.numbers, .numbers(let list)):
      if list.count > 1024 { return "has more than 1024 numbers" }
      for number in list {
        if let fault = rangeFault(number) { return fault }
      }
      return nil
    case (.choice, .string(let text)):
      return choices.contains(text)
        ? nil : "is \(PluginText.quoted(text))\(PluginText.hint(for: text, in: choices))"
    case (.string, .string(let text)):
      return text.utf8.count > PluginText.maximumBytes ? "is longer than \(PluginText.maximumBytes) bytes" : nil
    case (.boolean, .boolean): return nil
    default: return "must be \(Self.article(kind))"
    }
  }

  private func rangeFault(_ number: Double) -> String? {
    if !number.isFinite { return "is not finite" }
    if let minimum, number < minimum { return "is \(Self.shown(number)), less than \(Self.shown(minimum))" }
    if let maximum, number > maximum { return "is \(Self.shown(number)), more than \(Self.shown(maximum))" }
    return nil
  }

  /// A number without a needless `.0`.
  package static func shown(_ number: Double) -> String {
    Int64(exactly: number).map { String($0) } ?? "\(number)"
  }

  /// The kind with its article, for sentences.
  package static func article(_ kind: Kind) -> String {
    switch kind {
    case .number: "a finite number"
    case .integer: "an integer"
    case .boolean: "true or false"
    case .string: "a text"
    case .choice: "one of the choices"
    case .numbers: "a list of finite numbers"
    }
  }
}

extension Optional {
  /// The value, or `error` thrown.
  func orThrow<Failure: Error>(_ error: Failure) throws(Failure) -> Wrapped {
    guard let self else { throw error }
    return self
  }
}
