/// A token that is cut out of a text before the words are, such as `<|endoftext|>`.
struct AddedToken: Hashable {
  /// The token as UTF-8.
  var content: [UInt8]
  /// Whether it is matched only where no word character stands beside it.
  var isSingleWord = false
  /// Whether it swallows the white space on its left.
  var stripsLeft = false
  /// Whether it swallows the white space on its right.
  var stripsRight = false
  /// Whether it is looked for in the normalised text, itself normalised; nil means "unless it is special".
  var isNormalized: Bool?
  /// Whether it is one of the special tokens.
  var isSpecial = false
  /// Whether a file gives it as a bare text; the reference takes that for another token than one with properties.
  var isBare = false

  /// The longest content, in bytes.
  static let lengths = 1...1024

  /// A token that a file gives as a bare text: special, and matched in the text as typed.
  init(bare content: [UInt8]) {
    self.content = content
    isSpecial = true
    isBare = true
  }

  /// A token as `added_tokens.json` means it.
  init(legacy content: [UInt8], isSpecial: Bool) {
    self.content = content
    isNormalized = !isSpecial
    self.isSpecial = isSpecial
  }

  /// A token that a file gives as a bare text or as an object.
  ///
  /// - Parameters:
  ///   - node: The text, or an object with `content` and the properties that differ from the default.
  ///   - isSpecial: Whether the token is special whatever the object says; nil leaves it to the object.
  /// - Throws: `TokenizerError.missingKey` or `.wrongValue`.
  init(_ node: ConfigurationNode, isSpecial: Bool? = nil) throws(TokenizerError) {
    switch node.value {
    case .text:
      content = try Self.content(node)
      self.isSpecial = true
      isBare = true
      return
    case .object:
      content = try Self.content(try node.required("content"))
    default:
      throw node.mismatch(wanted: "a text or an object")
    }
    isSingleWord = try node.member("single_word")?.flag() ?? false
    stripsLeft = try node.member("lstrip")?.flag() ?? false
    stripsRight = try node.member("rstrip")?.flag() ?? false
    isNormalized = try node.member("normalized")?.flag()
    let declared = try node.member("special")?.flag() ?? false
    self.isSpecial = isSpecial ?? declared
  }

  private static func content(_ node: ConfigurationNode) throws(TokenizerError) -> [UInt8] {
    let content = try node.text()
    guard lengths.contains(content.count) else {
      throw node.mismatch(wanted: "a text of \(lengths.lowerBound) to \(lengths.upperBound) bytes")
    }
    return content
  }

  /// Equality as the reference has it: an omitted `normalized` is the same as its default.
  static func == (left: AddedToken, right: AddedToken) -> Bool {
    left.content == right.content && left.isBare == right.isBare && left.isSingleWord == right.isSingleWord
      && left.stripsLeft == right.stripsLeft && left.stripsRight == right.stripsRight
      && left.isSpecial == right.isSpecial && left.matchesNormalizedText == right.matchesNormalizedText
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(content)
  }

  /// Whether it is looked for in the normalised text.
  var matchesNormalizedText: Bool { isNormalized ?? !isSpecial }
}
