/// A value of `scheduler_config.json`.
public enum ConfigValue: Sendable, Equatable {
  /// `null`
  case null
  /// `true` or `false`
  case bool(Bool)
  /// A number; the file may spell infinity as Python does.
  case number(Double)
  /// Text.
  case string(String)
  /// A list.
  case list([ConfigValue])
}

extension ConfigValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  /// A boolean.
  ///
  /// - Parameter value: The boolean.
  public init(booleanLiteral value: Bool) { self = .bool(value) }

  /// A whole number.
  ///
  /// - Parameter value: The number.
  public init(integerLiteral value: Int) { self = .number(Double(value)) }

  /// A number.
  ///
  /// - Parameter value: The number.
  public init(floatLiteral value: Double) { self = .number(value) }
}

extension ConfigValue: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByNilLiteral {
  /// A text.
  ///
  /// - Parameter value: The text.
  public init(stringLiteral value: String) { self = .string(value) }

  /// A list.
  ///
  /// - Parameter elements: The values.
  public init(arrayLiteral elements: ConfigValue...) { self = .list(elements) }

  /// `null`
  ///
  /// - Parameter nilLiteral: Nothing.
  public init(nilLiteral: ()) { self = .null }
}

extension ConfigValue: CustomStringConvertible {
  /// The value as JSON spells it, cut when long; whole numbers without a fraction.
  public var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): String(value)
    case .number(let value): Int(exactly: value).map(String.init) ?? String(value)
    case .string(let value): "\"\(value.count > 64 ? value.prefix(64) + "..." : value)\""
    case .list(let values):
      "[\(values.prefix(4).map(\.description).joined(separator: ", "))\(values.count > 4 ? ", ..." : "")]"
    }
  }
}
