import Foundation

/// The files of a tokenizer folder, read and parsed but not yet understood.
struct TokenizerFolder {
  /// Where the vocabulary is.
  enum Source {
    /// In `tokenizer.json`, which wins where all three files are there, as in the reference.
    case combined(ConfigurationNode)
    /// In `vocab.json` and `merges.txt`.
    case separate(vocabulary: ConfigurationNode, merges: File)
  }

  /// A file as it is.
  typealias File = (path: String, bytes: [UInt8])

  /// The vocabulary.
  let source: Source
  /// `tokenizer_config.json`.
  let configuration: ConfigurationNode?
  /// `special_tokens_map.json`, the older place of the special tokens.
  let specialTokens: ConfigurationNode?
  /// `added_tokens.json`, the older place of tokens beyond the vocabulary.
  let addedTokens: ConfigurationNode?

  /// The largest file that is read; the published vocabulary takes about 2 MB.
  static let fileLimit = 16 << 20

  /// Reads what is there; neither form of a vocabulary is an error.
  init(contentsOf folder: URL) throws(TokenizerError) {
    configuration = try Self.object(in: folder, named: "tokenizer_config.json")
    specialTokens = try Self.object(in: folder, named: "special_tokens_map.json")
    addedTokens = try Self.object(in: folder, named: "added_tokens.json")
    if let tokenizer = try Self.object(in: folder, named: "tokenizer.json") {
      source = .combined(tokenizer)
      return
    }
    guard let vocabulary = try Self.object(in: folder, named: "vocab.json"),
      let merges = try Self.file(in: folder, named: "merges.txt")
    else { throw .noVocabulary(folder: folder.path) }
    source = .separate(vocabulary: vocabulary, merges: merges)
  }

  /// The vocabulary that `merges` makes, with a configuration and nothing else.
  init(merges: File, configuration: JSONValue) {
    self.configuration = ConfigurationNode(value: configuration, file: merges.path, path: "")
    specialTokens = nil
    addedTokens = nil
    source = .separate(vocabulary: PublishedVocabulary.vocabulary(of: merges), merges: merges)
  }

  /// The JSON object in a file; nil if there is no such file.
  private static func object(in folder: URL, named name: String) throws(TokenizerError) -> ConfigurationNode? {
    guard let (path, bytes) = try file(in: folder, named: name) else { return nil }
    let value: JSONValue
    do {
      value = try JSONReader.value(of: bytes)
    } catch {
      throw .malformedFile(file: path, byte: error.byte, problem: error.text)
    }
    let node = ConfigurationNode(value: value, file: path, path: "")
    guard case .object = value else { throw node.mismatch(wanted: "an object") }
    return node
  }

  /// The bytes of a file; nil if there is no such file.
  private static func file(in folder: URL, named name: String) throws(TokenizerError) -> File? {
    let url = folder.appendingPathComponent(name)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
      guard attributes[.type] as? FileAttributeType == .typeRegular else {
        throw TokenizerError.unreadableFile(file: url.path, reason: "it is no regular file")
      }
      let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
      guard size <= fileLimit else {
        throw TokenizerError.fileTooLarge(file: url.path, found: size, limit: fileLimit)
      }
      return (url.path, Array(try Data(contentsOf: url)))
    } catch let error as TokenizerError {
      throw error
    } catch {
      throw .unreadableFile(file: url.path, reason: "the system refuses it")
    }
  }
}
