internal import CMoonVocabulary
package import Foundation

/// The vocabulary that was published with CLIP, which every Stable Diffusion has; it is built in, for models in one file,
/// which hold none.
enum PublishedVocabulary {
  /// The merges as `merges.txt` has them.
  static var merges: TokenizerFolder.File {
    var size = 0
    let start = unsafe moon_clip_merges(&size)
    let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: size))
    return ("the built-in vocabulary", bytes)
  }

  /// The vocabulary to which merges belong: all bytes, all bytes at the end of a word, what each merge makes, and the
  /// marks of the beginning and the end of a text.
  static func vocabulary(of merges: TokenizerFolder.File) -> ConfigurationNode {
    let order = ByteAlphabet.characters.indices.sorted { left, right in
      let (isLeftMoved, isRightMoved) = (isMoved(left), isMoved(right))
      return isLeftMoved == isRightMoved ? left < right : isRightMoved
    }
    let symbols = order.map { ByteAlphabet.characters[$0] }
    var tokens = symbols + symbols.map { $0 + ByteAlphabet.endOfWord }
    for line in merges.bytes.split(separator: UInt8(ascii: "\n")).dropFirst() {
      tokens.append(line.filter { $0 != UInt8(ascii: " ") })
    }
    tokens += [Array("<|startoftext|>".utf8), Array("<|endoftext|>".utf8)]
    let members = tokens.enumerated().map { JSONValue.Member(key: $0.element, value: .number(String($0.offset))) }
    return ConfigurationNode(value: .object(members), file: merges.path, path: "")
  }

  /// Whether a byte is written by a character from U+0100 on, which come last.
  private static func isMoved(_ byte: Int) -> Bool {
    switch byte {
    case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: false
    default: true
    }
  }
}

extension CLIPTokenizer {
  /// The token with which the published models fill a text up.
  package enum Padding: String, Sendable {
    /// That of the end: SD 1.x, and the first text encoder of SDXL.
    case endOfText = "<|endoftext|>"
    /// An exclamation mark: SD 2.x, and the second text encoder of SDXL.
    case exclamationMark = "!"
  }

  /// The tokenizer for a model in one file: that of the folder `name` beside the file, or else the published one.
  ///
  /// - Parameters:
  ///   - file: The model.
  ///   - name: `tokenizer`, or `tokenizer_2` for the second text encoder of SDXL.
  ///   - padding: What the published tokenizer fills a text up with.
  /// - Returns: The tokenizer.
  /// - Throws: `TokenizerError`, when the folder is there and cannot be read.
  package static func beside(
    _ file: URL, name: String = "tokenizer", padding: Padding
  ) throws(TokenizerError) -> CLIPTokenizer {
    let folder = file.deletingLastPathComponent().appendingPathComponent(name)
    if FileManager.default.fileExists(atPath: folder.path) { return try CLIPTokenizer(contentsOf: folder) }
    return try CLIPTokenizer(published: padding)
  }

  /// The published tokenizer, which is built in; as a folder with the published files would make it.
  ///
  /// - Parameter padding: What a text is filled up with.
  /// - Throws: Nothing in practice: the vocabulary is whole, as `Fixtures/tokenizer` proves.
  package init(published padding: Padding) throws(TokenizerError) {
    let text = { (text: String) in JSONValue.text(Array(text.utf8)) }
    let member = { (key: String, value: JSONValue) in JSONValue.Member(key: Array(key.utf8), value: value) }
    // As the published configurations spell their special tokens.
    let special = { (content: String) in
      JSONValue.object([member("content", text(content)), member("normalized", .flag(true))])
    }
    let configuration = JSONValue.object([
      member("bos_token", special("<|startoftext|>")), member("eos_token", special("<|endoftext|>")),
      member("unk_token", special("<|endoftext|>")), member("pad_token", text(padding.rawValue)),
      member("model_max_length", .number("77")),
    ])
    try self.init(
      TokenizerFolder(merges: PublishedVocabulary.merges, configuration: configuration), defaultLength: 77)
  }
}
