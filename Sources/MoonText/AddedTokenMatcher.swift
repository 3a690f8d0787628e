/// Finds added tokens in a text: the leftmost first, and of those that start there the longest.
struct AddedTokenMatcher {
  /// A stretch of a text.
  enum Part: Equatable {
    /// An added token.
    case token(Int32)
    /// What lies between added tokens.
    case text(Range<Int>)
  }

  /// A node of the tree of all tokens, scalar by scalar.
  private struct Node {
    var next: [Unicode.Scalar: Int] = [:]
    /// Index into `tokens` of the token that ends here.
    var token: Int?
  }

  private var nodes = [Node()]
  private var tokens: [(token: AddedToken, identifier: Int32)] = []

  /// Whether there is anything to find.
  var isEmpty: Bool { tokens.isEmpty }

  /// Adds `token`, to be found where `text` stands; the first of two with the same text counts.
  mutating func add(_ token: AddedToken, text: [Unicode.Scalar], identifier: Int32) {
    guard !text.isEmpty else { return }
    var node = 0
    for scalar in text {
      if let next = nodes[node].next[scalar] {
        node = next
      } else {
        nodes[node].next[scalar] = nodes.count
        node = nodes.count
        nodes.append(Node())
      }
    }
    guard nodes[node].token == nil else { return }
    nodes[node].token = tokens.count
    tokens.append((token, identifier))
  }

  /// Cuts `text` at the added tokens in it.
  ///
  /// - Parameters:
  ///   - text: What to look through.
  ///   - skipsSpecial: Whether special tokens are passed over as plain text.
  /// - Returns: The tokens and what lies between them, in order.
  func parts(of text: [Unicode.Scalar], skipsSpecial: Bool) -> [Part] {
    guard !isEmpty else { return text.isEmpty ? [] : [.text(0..<text.count)] }
    var parts: [Part] = []
    var textStart = 0
    var position = 0
    while position < text.count {
      guard let match = match(in: text, at: position) else {
        position += 1
        continue
      }
      let (token, identifier) = tokens[match.token]
      let start = position
      position = match.end
      if skipsSpecial && token.isSpecial { continue }
      if token.isSingleWord && !Self.isWord(text, start..<match.end) { continue }
      var tokenStart = start
      if token.stripsLeft {
        while tokenStart > textStart, text[tokenStart - 1].properties.isWhitespace { tokenStart -= 1 }
      }
      if textStart < tokenStart { parts.append(.text(textStart..<tokenStart)) }
      parts.append(.token(identifier))
      textStart = match.end
      if token.stripsRight {
        while textStart < text.count, text[textStart].properties.isWhitespace { textStart += 1 }
      }
    }
    if textStart < text.count { parts.append(.text(textStart..<text.count)) }
    return parts
  }

  private func match(in text: [Unicode.Scalar], at start: Int) -> (token: Int, end: Int)? {
    var found: (token: Int, end: Int)?
    var node = 0
    var position = start
    while position < text.count, let next = nodes[node].next[text[position]] {
      node = next
      position += 1
      if let token = nodes[node].token { found = (token, position) }
    }
    return found
  }

  /// Whether no word character stands beside `range`.
  private static func isWord(_ text: [Unicode.Scalar], _ range: Range<Int>) -> Bool {
    let before = range.lowerBound > 0 && isWordCharacter(text[range.lowerBound - 1])
    let behind = range.upperBound < text.count && isWordCharacter(text[range.upperBound])
    return !before && !behind
  }

  /// `\w` of Unicode Technical Standard 18.
  private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    if properties.isAlphabetic || properties.isJoinControl { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
  }
}
