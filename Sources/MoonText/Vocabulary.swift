/// Tokens and their ids.
struct Vocabulary {
  /// The file that the tokens come from, for the error messages.
  let file: String
  /// The tokens as UTF-8, by id.
  let tokens: [[UInt8]]
  private let identifiers: [ByteKey: Int32]

  /// Number of tokens; their ids are `0..<count`.
  var count: Int { tokens.count }

  /// Reads an object of tokens and ids, whose ids must be `0..<count`, each once.
  init(_ node: ConfigurationNode) throws(TokenizerError) {
    guard case .object(let members) = node.value, !members.isEmpty else {
      throw node.mismatch(wanted: "an object of at least one token and its id")
    }
    var identifiers: [ByteKey: Int32] = Dictionary(minimumCapacity: members.count)
    var tokens: [[UInt8]?] = Array(repeating: nil, count: members.count)
    for member in members {
      guard let identifier = Self.identifier(member.value), tokens.indices.contains(identifier) else {
        throw .wrongIdentifier(
          file: node.file, token: quoted(member.key), found: member.value.summary, count: members.count)
      }
      if let other = tokens[identifier] {
        throw .repeatedIdentifier(
          file: node.file, token: quoted(member.key), other: quoted(other), identifier: identifier)
      }
      tokens[identifier] = member.key
      identifiers[ByteKey(bytes: member.key)] = Int32(identifier)
    }
    self.file = node.file
    self.tokens = tokens.compactMap { $0 }
    self.identifiers = identifiers
  }

  /// The id of `token`, or nil.
  subscript(token: [UInt8]) -> Int32? { identifiers[ByteKey(bytes: token)] }

  private static func identifier(_ value: JSONValue) -> Int? {
    guard case .number(let spelling) = value else { return nil }
    return Int(spelling)
  }
}
