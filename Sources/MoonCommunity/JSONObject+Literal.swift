internal import MoonWeights

extension JSONObject {
  /// An object of these members, in the order of their names, as published configurations have them.
  init(_ members: [(String, JSONValue)]) {
    self.init()
    for (key, value) in members.sorted(by: { $0.0 < $1.0 }) { _ = add(value, for: key) }
  }
}

extension JSONValue {
  /// A list of integers.
  static func integers(_ values: [Int]) -> JSONValue { .array(values.map { .integer($0) }) }

  /// A list of texts.
  static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }
}
