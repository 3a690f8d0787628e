extension CLIPTokenizer {
  /// A text as the text encoder takes it.
  public struct Encoding: Equatable, Sendable {
    /// `modelMaxLength` ids: beginning of text, the tokens that fit, end of text, padding.
    public let ids: [Int32]
    /// The tokens that fit, spelt as in the vocabulary, without the ones around them.
    public let tokens: [String]
    /// The tokens that do not fit and are left out, in the order of the text.
    public let cutTokens: [String]

    /// Number of tokens that are left out.
    public var cut: Int { cutTokens.count }
  }
}
