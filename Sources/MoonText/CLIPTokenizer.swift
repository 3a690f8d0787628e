public import Foundation

/// The byte-pair tokenizer of CLIP's text encoders: text in, ids out.
///
/// Equal to `CLIPTokenizer` of transformers 5.24.0 with `padding="max_length"` and `truncation=True`, id by id;
/// `Fixtures/tokenizer` proves it.
public struct CLIPTokenizer: Sendable {
  /// Number of ids of every encoded text.
  public let modelMaxLength: Int
  /// Number of tokens, added ones included; every id is below it.
  public private(set) var vocabularySize: Int
  /// Id of the token before every text.
  public let beginningOfTextID: Int32
  /// Id of the token behind every text.
  public let endOfTextID: Int32
  /// Id of the tokens that fill a short text up.
  public let paddingID: Int32
  /// Id of the token for a byte that the vocabulary lacks.
  public let unknownID: Int32

  /// The longest text that is encoded, in bytes of UTF-8.
  package static let textLimit = 1 << 16

  private let model: BytePairModel
  /// The tokens by id.
  private var pieces: [String]
  /// Added tokens found in the text as typed, and in the normalised text.
  private let verbatimTokens: AddedTokenMatcher
  private var normalizedTokens: AddedTokenMatcher
  /// The tokens that `adding` added.
  private var laterTokens: Set<String> = []
  private let paddingSide: TokenizerConfiguration.Side
  private let truncationSide: TokenizerConfiguration.Side
  private let splitsSpecialTokens: Bool

  /// Reads a tokenizer folder as the hub has it.
  ///
  /// The vocabulary is that of `tokenizer.json`, or without such a file that of `vocab.json` and `merges.txt`.
  /// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` may be missing.
  ///
  /// - Parameters:
  ///   - folder: The folder, on this machine.
  ///   - defaultLength: Number of ids of a text where `tokenizer_config.json` has no `model_max_length`; 2 to 65,536.
  /// - Throws: `TokenizerError`, naming the file and the key.
  public init(contentsOf folder: URL, defaultLength: Int = 77) throws(TokenizerError) {
    guard TokenizerConfiguration.lengths.contains(defaultLength) else { throw .unusableLength(found: defaultLength) }
    try self.init(TokenizerFolder(contentsOf: folder), defaultLength: defaultLength)
  }

  /// The tokenizer of these files.
  init(_ files: TokenizerFolder, defaultLength: Int) throws(TokenizerError) {
    let configuration = try TokenizerConfiguration(files)
    model = try BytePairModel(files.source, unknown: configuration.content(of: "unk_token"))
    let added = try AddedVocabulary(configuration.declarations, vocabulary: model.vocabulary)
    verbatimTokens = added.verbatimTokens
    normalizedTokens = added.normalizedTokens
    pieces = (model.vocabulary.tokens + added.newTokens).map { String(decoding: $0, as: UTF8.self) }
    vocabularySize = pieces.count
    beginningOfTextID = added.identifier(of: configuration.content(of: "bos_token"))
    endOfTextID = added.identifier(of: configuration.content(of: "eos_token"))
    paddingID = added.identifier(of: configuration.content(of: "pad_token"))
    unknownID = added.identifier(of: configuration.content(of: "unk_token"))
    modelMaxLength = configuration.maximumLength ?? defaultLength
    paddingSide = configuration.paddingSide
    truncationSide = configuration.truncationSide
    splitsSpecialTokens = configuration.splitsSpecialTokens
  }

  /// Turns a prompt into ids.
  ///
  /// - Parameter text: At most 65,536 bytes of UTF-8; longer texts are refused, not cut.
  /// - Returns: The ids, padded or cut to `modelMaxLength`, and the tokens that were kept and left out.
  /// - Throws: `TokenizerError.textTooLong`.
  public func encode(_ text: String) throws(TokenizerError) -> Encoding {
    let length = text.utf8.count
    guard length <= Self.textLimit else { throw .textTooLong(found: length, limit: Self.textLimit) }
    return frame(identifiers(of: Array(text.unicodeScalars)))
  }

  /// Turns a prompt that may not be text, such as a Lua string, into ids.
  ///
  /// - Parameter bytes: UTF-8, at most 65,536 bytes.
  /// - Returns: The same as for a `String` of these bytes.
  /// - Throws: `TokenizerError.invalidUTF8` or `.textTooLong`.
  public func encode(utf8 bytes: [UInt8]) throws(TokenizerError) -> Encoding {
    guard bytes.count <= Self.textLimit else { throw .textTooLong(found: bytes.count, limit: Self.textLimit) }
    if let byte = invalidUTF8(in: bytes) { throw .invalidUTF8(byte: byte) }
    return try encode(String(decoding: bytes, as: UTF8.self))
  }

  /// The same tokenizer with more tokens, which have the ids from `vocabularySize` on.
  ///
  /// They are cut out of a text before its words are, the longest first, in capitals or not, as transformers does with
  /// `add_tokens`; `Fixtures/community` proves it.
  ///
  /// - Parameter tokens: The tokens, each 1 to 1,024 bytes of UTF-8 that is new to the vocabulary.
  /// - Returns: The tokenizer; this one stays as it is.
  /// - Throws: `TokenizerError.unusableToken`.
  package func adding(_ tokens: [String]) throws(TokenizerError) -> CLIPTokenizer {
    var result = self
    for token in tokens {
      let content = Array(token.utf8)
      guard AddedToken.lengths.contains(content.count) else {
        throw .unusableToken(token: quoted(content), reason: "it must have 1 to \(AddedToken.lengths.upperBound) bytes")
      }
      if model.vocabulary[content] != nil || result.pieces.dropFirst(model.vocabulary.count).contains(token) {
        throw .unusableToken(token: quoted(content), reason: "the tokenizer has it already")
      }
      var added = AddedToken(legacy: content, isSpecial: false)
      added.isNormalized = true
      result.normalizedTokens.add(
        added, text: TextNormalizer.normalized(Array(token.unicodeScalars)), identifier: Int32(result.pieces.count))
      result.pieces.append(token)
      result.vocabularySize = result.pieces.count
      result.laterTokens.insert(token)
    }
    return result
  }

  /// A prompt in which each added token with several vectors (`cat`, `cat_1`, `cat_2` ...) is followed by the others.
  ///
  /// As in the reference, only a token that is spelt as it was added is found, capitals included.
  ///
  /// - Parameter prompt: The prompt.
  /// - Returns: The prompt to encode.
  /// - Throws: `TokenizerError.textTooLong`.
  package func expandingAddedTokens(in prompt: String) throws(TokenizerError) -> String {
    if laterTokens.isEmpty { return prompt }
    let encoding = try encode(prompt)
    var result = prompt
    var seen: Set<String> = []
    for token in encoding.tokens + encoding.cutTokens where laterTokens.contains(token) && seen.insert(token).inserted {
      var replacement = token
      var number = 1
      while laterTokens.contains("\(token)_\(number)") {
        replacement += " \(token)_\(number)"
        number += 1
      }
      if number > 1 { result = result.replacing(token, with: replacement) }
    }
    return result
  }

  /// Ids of all tokens of `text`, nothing around them, nothing cut.
  private func identifiers(of text: [Unicode.Scalar]) -> [Int32] {
    var identifiers: [Int32] = []
    for part in verbatimTokens.parts(of: text, skipsSpecial: splitsSpecialTokens) {
      switch part {
      case .token(let identifier): identifiers.append(identifier)
      case .text(let range):
        let normalized = TextNormalizer.normalized(Array(text[range]))
        for part in normalizedTokens.parts(of: normalized, skipsSpecial: splitsSpecialTokens) {
          switch part {
          case .token(let identifier): identifiers.append(identifier)
          case .text(let range):
            for word in WordSplitter.words(of: Array(normalized[range])) { identifiers += model.tokens(of: word) }
          }
        }
      }
    }
    return identifiers
  }

  /// Cuts, frames and pads.
  private func frame(_ identifiers: [Int32]) -> Encoding {
    let room = modelMaxLength - 2
    let kept: ArraySlice<Int32>
    let cut: ArraySlice<Int32>
    switch truncationSide {
    case .right: (kept, cut) = (identifiers.prefix(room), identifiers.dropFirst(room))
    case .left: (kept, cut) = (identifiers.suffix(room), identifiers.dropLast(room))
    }
    let framed = [beginningOfTextID] + kept + [endOfTextID]
    let padding = Array(repeating: paddingID, count: modelMaxLength - framed.count)
    return Encoding(
      ids: paddingSide == .right ? framed + padding : padding + framed,
      tokens: kept.map { pieces[Int($0)] }, cutTokens: cut.map { pieces[Int($0)] })
  }
}
