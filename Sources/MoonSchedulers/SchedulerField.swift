/// A field of a scheduler's configuration: its name, what it may hold, and what it holds when nothing is said.
struct SchedulerField: Sendable {
  /// What a field may hold.
  enum Kind: Sendable {
    case boolean
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// One of these texts; `aliases` are spellings of related schedulers that the reference reads as another text.
    case choice([String], aliases: [String: String] = [:])
    case numbers
    /// Whole numbers from 0, or none.
    case indices
    /// What cannot be set here.
    case nothing
  }

  let name: String
  let kind: Kind
  /// `.null` for a field that may be left open.
  let defaultValue: ConfigValue

  init(_ name: String, _ kind: Kind, _ defaultValue: ConfigValue) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
  }

  /// `value` when the field may hold it (aliases resolved), else an error that names `source`.
  func checked(_ value: ConfigValue, source: String) throws(SchedulerError) -> ConfigValue {
    switch (kind, value) {
    case (_, .null) where defaultValue == .null: return value
    case (.boolean, .bool): return value
    case (.integer(let range), .number(let number)):
      if let integer = Int(exactly: number), range.contains(integer) { return value }
    case (.number(let range), .number(let number)):
      if range.contains(number) { return value }
    case (.choice(let names, let aliases), .string(let name)):
      if names.contains(name) { return value }
      if let meant = aliases[name] { return .string(meant) }
    case (.numbers, .list(let values)):
      if !values.isEmpty, values.allSatisfy({ if case .number = $0 { true } else { false } }) { return value }
    case (.indices, .list(let values)):
      let isIndex = { (value: ConfigValue) in
        if case .number(let number) = value { number >= 0 && Int(exactly: number) != nil } else { false }
      }
      if values.allSatisfy(isIndex) { return value }
    default: break
    }
    throw .badValue(source: source, key: name, found: value.description, wanted: wanted)
  }

  /// The value that `text`, from a command line, spells.
  func parsed(_ text: String, source: String) throws(SchedulerError) -> ConfigValue {
    if defaultValue == .null, text == "null" || text == "none" { return .null }
    let value: ConfigValue? =
      switch kind {
      case .boolean: ["true": .bool(true), "false": .bool(false)][text]
      case .integer, .number: Double(text).map(ConfigValue.number)
      case .choice: .string(text)
      case .numbers: Self.numbers(text)
      case .indices: text.isEmpty ? .list([]) : Self.numbers(text)
      case .nothing: nil
      }
    return try checked(value ?? .string(text), source: source)
  }

  /// Numbers with commas between them.
  private static func numbers(_ text: String) -> ConfigValue? {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map {
      Double($0.trimmingPrefix { $0 == " " })
    }
    return numbers.contains(nil) ? nil : .list(numbers.compactMap { $0.map(ConfigValue.number) })
  }

  private var wanted: String {
    let what =
      switch kind {
      case .boolean: "true or false"
      case .integer(let range):
        range.upperBound == Int.max
          ? "a whole number of at least \(range.lowerBound)"
          : "a whole number between \(range.lowerBound) and \(range.upperBound)"
      case .number(let range) where range.lowerBound == -.infinity: "a number"
      case .number(let range) where range.upperBound == .infinity: "a number of at least \(range.lowerBound)"
      case .number(let range): "a number between \(range.lowerBound) and \(range.upperBound)"
      case .choice(let names, _): "one of \(names.joined(separator: ", "))"
      case .numbers: "a list of numbers"
      case .indices: "a list of whole numbers of at least 0"
      case .nothing: "null"
      }
    if case .nothing = kind { return what }
    return defaultValue == .null ? "\(what), or null" : what
  }
}
