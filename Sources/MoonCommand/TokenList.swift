internal import MoonTensor
package import MoonText

/// What a tokenizer made of a text, to be told.
package struct TokenList: Sendable {
  /// Ids, padded to the length that the model reads.
  package let ids: [Int32]
  /// The tokens of the text that the model reads, without the marks at both ends.
  package let tokens: [String]
  /// Tokens that did not fit.
  package let cut: Int

  /// A list.
  package init(ids: [Int32], tokens: [String], cut: Int) {
    self.ids = ids
    self.tokens = tokens
    self.cut = cut
  }

  /// The list of what the tokenizer tells.
  package init(_ encoding: CLIPTokenizer.Encoding) {
    self.init(ids: encoding.ids, tokens: encoding.tokens, cut: encoding.cut)
  }

  /// `{"ids": [...], "tokens": [...], "cut": N}`
  package var json: JSONText {
    .object([
      .init("ids", .array(ids.map { .integer(Int64($0)) })),
      .init("tokens", .strings(tokens)),
      .init("cut", .integer(Int64(cut))),
    ])
  }

  /// One token a line, and what was cut off.
  package var text: String {
    tokens.map { "\($0.shown)\n" }.joined() + (cut > 0 ? "\(cut) more cut off\n" : "")
  }
}
