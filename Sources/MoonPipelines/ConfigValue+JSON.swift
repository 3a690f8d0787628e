package import MoonSchedulers
package import MoonWeights

extension ConfigValue {
  /// The same value; `nil` for an object, which no scheduler has.
  package init?(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .bool(let flag): self = .bool(flag)
    case .integer(let number): self = .number(Double(number))
    case .number(let number): self = .number(number)
    case .string(let text): self = .string(text)
    case .array(let items): self = .list(items.compactMap { ConfigValue($0) })
    case .object: return nil
    }
  }
}

extension ConfigValue {
  /// The same value as JSON.
  var json: JSONValue {
    switch self {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .number(let number): Int(exactly: number).map { .integer($0) } ?? .number(number)
    case .string(let text): .string(text)
    case .list(let items): .array(items.map(\.json))
    }
  }
}
