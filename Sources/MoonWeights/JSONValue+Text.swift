/// JSON on its way out.
extension JSONValue {
  /// An object of members in this order, each name once.
  package static func members(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    var object = JSONObject()
    for (key, value) in members {
      let isNew = object.add(value, for: key)
      precondition(isNew, "\(key) is given twice")
    }
    return .object(object)
  }

  /// The value as JSON on one line, which reads back as the same value; infinite numbers as Python writes them.
  package var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): String(value)
    case .integer(let value): String(value)
    case .number(let value): value == .infinity ? "Infinity" : value == -.infinity ? "-Infinity" : String(value)
    case .string(let value): Self.quoted(value)
    case .array(let values): "[\(values.map(\.text).joined(separator: ","))]"
    case .object(let object):
      "{\(object.keys.map { "\(Self.quoted($0)):\((object[$0] ?? .null).text)" }.joined(separator: ","))}"
    }
  }
}
