internal import Foundation

/// The value of a plugin option.
public enum OptionValue: Equatable, Sendable {
  /// A finite number.
  case number(Double)
  /// A whole number.
  case integer(Int64)
  /// A switch.
  case boolean(Bool)
  /// A text, or one of the declared choices.
  case string(String)
  /// A list of finite numbers.
  case numbers([Double])
}

extension OptionValue {
  /// The value as JSON.
  package var text: String {
    // Every value is finite and of a plain kind: encoding it cannot fail.
    (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }
}

extension OptionValue: Encodable {
  /// Encodes the bare value.
  ///
  /// - Parameter encoder: Where to.
  /// - Throws: What the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .boolean(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .numbers(let value): try container.encode(value)
    }
  }
}
