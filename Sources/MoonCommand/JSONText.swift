/// A JSON value on its way out: objects keep the order they are made in, and every number is finite.
package indirect enum JSONText: Equatable, Sendable {
  /// `null`
  case null
  /// `true` or `false`
  case bool(Bool)
  /// A whole number.
  case integer(Int64)
  /// A whole number that may pass `Int64`, a seed for example.
  case unsigned(UInt64)
  /// Any other number; written as `null` when it is not finite, which JSON cannot say.
  case number(Double)
  /// Text.
  case string(String)
  /// A list.
  case array([JSONText])
  /// An object: its members, in order.
  case object([Member])

  /// A member of an object.
  package struct Member: Equatable, Sendable {
    /// Its name.
    package let key: String
    /// Its value.
    package let value: JSONText

    /// A member.
    package init(_ key: String, _ value: JSONText) {
      self.key = key
      self.value = value
    }
  }

  /// A list of numbers.
  package static func numbers(_ values: [Double]) -> JSONText { .array(values.map { .number($0) }) }

  /// A list of texts.
  package static func strings(_ values: [String]) -> JSONText { .array(values.map { .string($0) }) }

  /// The value as JSON on one line.
  package var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): String(value)
    case .integer(let value): String(value)
    case .unsigned(let value): String(value)
    case .number(let value): Self.text(of: value)
    case .string(let value): Self.quoted(value)
    case .array(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { Self.quoted($0.key) + ": " + $0.value.text }.joined(separator: ", ") + "}"
    }
  }

  /// The shortest digits that read back as `value`; whole numbers without a fraction.
  private static func text(of value: Double) -> String {
    if !value.isFinite { return "null" }
    if let whole = Int64(exactly: value), abs(whole) < 1 << 53 { return String(whole) }
    return String(value)
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _
      where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x2028...0x2029).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
