/// Byte-level byte-pair encoding of single words.
struct BytePairModel {
  /// The tokens.
  let vocabulary: Vocabulary
  private let merges: MergeTable
  /// Ids of the tokens of single bytes inside a word.
  private let symbols: [Int32]
  /// Ids of the tokens of single bytes at the end of a word.
  private let finalSymbols: [Int32]

  /// Reads vocabulary and merges; `unknown` stands for bytes without a token.
  init(_ source: TokenizerFolder.Source, unknown: [UInt8]) throws(TokenizerError) {
    switch source {
    case .combined(let tokenizer):
      let model = try tokenizer.required("model")
      if let kind = try model.member("type"), try kind.text() != Array("BPE".utf8) {
        throw kind.mismatch(wanted: "\"BPE\"")
      }
      vocabulary = try Vocabulary(try model.required("vocab"))
      merges = try MergeTable(try model.required("merges"), vocabulary: vocabulary)
    case .separate(let tokens, let file):
      vocabulary = try Vocabulary(tokens)
      merges = try MergeTable(file: file.path, bytes: file.bytes, vocabulary: vocabulary)
    }
    var symbols: [Int32] = []
    var finalSymbols: [Int32] = []
    for character in ByteAlphabet.characters {
      symbols.append(try Self.symbol(character, in: vocabulary, unknown: unknown))
      finalSymbols.append(try Self.symbol(character + ByteAlphabet.endOfWord, in: vocabulary, unknown: unknown))
    }
    self.symbols = symbols
    self.finalSymbols = finalSymbols
  }

  /// Ids of the tokens of a word.
  func tokens(of word: ArraySlice<Unicode.Scalar>) -> [Int32] {
    let bytes = word.flatMap { Array(UTF8.encode($0) ?? UTF8.encodedReplacementCharacter) }
    var wordSymbols = bytes.map { symbols[Int($0)] }
    if let last = bytes.last { wordSymbols[bytes.count - 1] = finalSymbols[Int(last)] }
    return MergedWord.tokens(of: wordSymbols, merges: merges)
  }

  private static func symbol(
    _ token: [UInt8], in vocabulary: Vocabulary, unknown: [UInt8]
  ) throws(TokenizerError) -> Int32 {
    guard let identifier = vocabulary[token] ?? vocabulary[unknown] else {
      throw .missingSymbol(file: vocabulary.file, token: quoted(token), unknown: quoted(unknown))
    }
    return identifier
  }
}
