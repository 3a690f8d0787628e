import Foundation
import MoonText

/// The folder of the published vocabulary and of the reference's answers.
let tokenizerFixtures = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/tokenizer")

/// A folder that goes away with its last reference.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("moontext-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  /// A folder with copies of some fixtures, by their path in the fixture folder.
  convenience init(copying files: [String: String]) throws {
    try self.init()
    for (name, source) in files {
      try FileManager.default.copyItem(
        at: tokenizerFixtures.appendingPathComponent(source), to: url.appendingPathComponent(name))
    }
  }

  /// The tokenizer in this folder; the folder stays until it is loaded.
  func tokenizer(defaultLength: Int = 77) throws -> CLIPTokenizer {
    try withExtendedLifetime(self) { try CLIPTokenizer(contentsOf: url, defaultLength: defaultLength) }
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func write(_ text: String, to name: String) throws {
    try write(Array(text.utf8), to: name)
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: url.appendingPathComponent(name))
  }
}

/// The published vocabulary, loaded once for each configuration.
enum Published {
  /// The configuration of SD 1.x.
  static let tokenizer = Result { try CLIPTokenizer(contentsOf: tokenizerFixtures) }
  /// With SD 2.x's pad token.
  static let secondTokenizer = Result { try configured("tokenizer_config_sd2.json") }
  /// With bare special tokens.
  static let plainTokenizer = Result { try configured("tokenizer_config_plain.json") }

  private static func configured(_ configuration: String) throws -> CLIPTokenizer {
    try TemporaryFolder(copying: [
      "vocab.json": "vocab.json", "merges.txt": "merges.txt", "tokenizer_config.json": configuration,
    ]).tokenizer()
  }
}
