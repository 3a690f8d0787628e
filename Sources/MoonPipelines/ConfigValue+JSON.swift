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
