/// A value of a JSON file together with the file and the path of keys that lead to it, for the error messages.
struct ConfigurationNode {
  /// The value itself.
  let value: JSONValue
  /// Path of the file.
  let file: String
  /// Keys and indices from the top of the file, as in `model.merges[3]`; empty for the top itself.
  let path: String

  /// The path as a message shows it.
  var place: String { path.isEmpty ? "the top value" : path }

  /// The error that says this value is not what it must be.
  func mismatch(wanted: String) -> TokenizerError {
    .wrongValue(file: file, key: place, found: value.summary, wanted: wanted)
  }

  /// The members of an object in the order of the file.
  func members() throws(TokenizerError) -> [(key: [UInt8], node: ConfigurationNode)] {
    guard case .object(let members) = value else { throw mismatch(wanted: "an object") }
    return members.map { ($0.key, member($0)) }
  }

  /// The items of a list.
  func items() throws(TokenizerError) -> [ConfigurationNode] {
    guard case .list(let items) = value else { throw mismatch(wanted: "a list") }
    return items.enumerated().map { item($1, at: $0) }
  }

  /// The member of an object; nil if it is missing or `null`.
  func member(_ key: String) throws(TokenizerError) -> ConfigurationNode? {
    guard case .object(let members) = value else { throw mismatch(wanted: "an object") }
    let bytes = Array(key.utf8)
    guard let found = members.first(where: { $0.key == bytes }), found.value != .null else { return nil }
    return member(found)
  }

  /// The member of an object that must be there.
  func required(_ key: String) throws(TokenizerError) -> ConfigurationNode {
    guard let member = try member(key) else {
      throw .missingKey(file: file, key: path.isEmpty ? key : "\(path).\(key)")
    }
    return member
  }

  /// A text as UTF-8.
  func text() throws(TokenizerError) -> [UInt8] {
    guard case .text(let bytes) = value else { throw mismatch(wanted: "a text") }
    return bytes
  }

  /// `true` or `false`.
  func flag() throws(TokenizerError) -> Bool {
    guard case .flag(let flag) = value else { throw mismatch(wanted: "true or false") }
    return flag
  }

  /// A number without fraction or exponent; nil if it does not fit an `Int`.
  func wholeNumber() throws(TokenizerError) -> Int? {
    guard case .number(let spelling) = value else { throw mismatch(wanted: "a whole number") }
    let isWhole = spelling.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
    guard isWhole else { throw mismatch(wanted: "a whole number") }
    return Int(spelling)
  }

  /// The node of a member that the caller took from `value`.
  func member(_ member: JSONValue.Member) -> ConfigurationNode {
    let isName = !member.key.isEmpty && member.key.allSatisfy(isPlain)
    let name = isName ? String(decoding: member.key, as: UTF8.self) : quoted(member.key)
    return ConfigurationNode(value: member.value, file: file, path: path.isEmpty ? name : "\(path).\(name)")
  }

  /// The node of an item that the caller took from `value`.
  func item(_ item: JSONValue, at index: Int) -> ConfigurationNode {
    ConfigurationNode(value: item, file: file, path: "\(path)[\(index)]")
  }

  /// Whether a key of such bytes needs no quotation marks in a message.
  private func isPlain(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
      || (0x61...0x7A).contains(byte)
  }
}
