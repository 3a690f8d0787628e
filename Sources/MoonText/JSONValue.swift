/// A JSON value as it stands in a file.
///
/// Texts are bytes, because Swift's `String` takes canonically equal texts for one, and a vocabulary may hold both.
package enum JSONValue: Equatable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case flag(Bool)
  /// A number as it is spelt; what it must be is for the reader of the key to say.
  case number(String)
  /// A text as UTF-8, escapes resolved.
  case text([UInt8])
  /// A list.
  case list([JSONValue])
  /// An object, members in the order of the file, every key once.
  case object([Member])

  /// One key of an object with its value.
  package struct Member: Equatable, Sendable {
    /// The key as UTF-8, escapes resolved.
    package let key: [UInt8]
    /// What stands behind the colon.
    package let value: JSONValue

    /// Puts a key and its value together.
    package init(key: [UInt8], value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value as a message shows it.
  var summary: String {
    switch self {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .number(let spelling): spelling.utf8.count > 40 ? "\(spelling.prefix(40))..." : spelling
    case .text(let bytes): quoted(bytes)
    case .list(let items): items.isEmpty ? "an empty list" : "a list"
    case .object(let members): members.isEmpty ? "an empty object" : "an object"
    }
  }
}
