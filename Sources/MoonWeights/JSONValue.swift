internal import MoonTensor

/// A value of a JSON text.
package indirect enum JSONValue: Sendable, Equatable {
  /// `null`
  case null
  /// `true` or `false`
  case bool(Bool)
  /// A number without fraction and exponent that fits in `Int`.
  case integer(Int)
  /// Any other number; infinite only where the reader was told to accept the words that Python writes.
  case number(Double)
  /// Text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// An object.
  case object(JSONObject)

  /// The value as an error message shows it: one line, cut when long.
  package var shown: String {
    switch self {
    case .null: "null"
    case .bool(let value): String(value)
    case .integer(let value): String(value)
    case .number(let value): value == .infinity ? "Infinity" : value == -.infinity ? "-Infinity" : String(value)
    case .string(let value): "\"\(value.shown)\""
    case .array(let values):
      "[\(values.prefix(8).map(\.nested).joined(separator: ", "))\(values.count > 8 ? ", ..." : "")]"
    case .object: "an object"
    }
  }

  /// `text` as JSON, in ASCII quotes.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// The value inside a shown list: lists are not opened again.
  private var nested: String {
    if case .array = self { "a list" } else { shown }
  }
}

/// An object of a JSON text: its members in the order of the text, each name once.
package struct JSONObject: Sendable, Equatable {
  /// The names, in the order of the text.
  package private(set) var keys: [String] = []
  private var values: [String: JSONValue] = [:]

  /// Creates an object without members.
  package init() {}

  /// The value of the member named `key`.
  package subscript(key: String) -> JSONValue? { values[key] }

  /// Adds a member; false, and nothing added, when the name is taken.
  package mutating func add(_ value: JSONValue, for key: String) -> Bool {
    if values[key] != nil { return false }
    values[key] = value
    keys.append(key)
    return true
  }
}
