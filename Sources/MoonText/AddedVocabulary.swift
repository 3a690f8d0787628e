/// The added tokens of a tokenizer with their ids.
struct AddedVocabulary {
  /// Tokens beyond the vocabulary, which have the ids behind it.
  private(set) var newTokens: [[UInt8]] = []
  /// Finds the tokens that are matched in the text as typed.
  private(set) var verbatimTokens = AddedTokenMatcher()
  /// Finds the tokens that are matched in the normalised text.
  private(set) var normalizedTokens = AddedTokenMatcher()
  private var identifiers: [[UInt8]: Int32] = [:]

  /// Gives every declared token the id that the vocabulary has for it, or the next free one.
  init(
    _ declarations: [TokenizerConfiguration.Declaration], vocabulary: Vocabulary
  ) throws(TokenizerError) {
    var tokens: [[UInt8]: AddedToken] = [:]
    for declaration in declarations {
      let content = declaration.token.content
      let identifier = identifiers[content] ?? vocabulary[content] ?? Int32(vocabulary.count + newTokens.count)
      if identifier == vocabulary.count + newTokens.count { newTokens.append(content) }
      if let declared = declaration.identifier, declared != identifier {
        throw .misplacedAddedToken(
          file: declaration.file, token: quoted(content), found: declared, wanted: Int(identifier))
      }
      identifiers[content] = identifier
      var token = declaration.token
      if tokens[content]?.isSpecial == true {
        // Once special, always special; whether it matches normalised text is for the last declaration to say.
        token.isNormalized = token.matchesNormalizedText
        token.isSpecial = true
      }
      tokens[content] = token
    }
    for (content, identifier) in identifiers.sorted(by: { $0.value < $1.value }) {
      guard let token = tokens[content] else { continue }
      let text = Array(String(decoding: content, as: UTF8.self).unicodeScalars)
      if token.matchesNormalizedText {
        normalizedTokens.add(token, text: TextNormalizer.normalized(text), identifier: identifier)
      } else {
        verbatimTokens.add(token, text: text, identifier: identifier)
      }
    }
  }

  /// The id of a token that was declared.
  func identifier(of content: [UInt8]) -> Int32 {
    guard let identifier = identifiers[content] else { preconditionFailure("every token with a name is declared") }
    return identifier
  }
}
