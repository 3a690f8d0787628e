import Foundation
import MoonText
import Testing

/// Files laid over a small valid folder, and the message that must come of it; `FOLDER` stands for the folder.
private struct Malformed: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let files: [String: String?]
  let message: String

  init(_ message: String, _ files: [String: String?]) {
    testDescription = message
    self.message = message
    self.files = files
  }

  /// A `tokenizer.json` with this model.
  init(_ message: String, model: String) {
    self.init(message, ["tokenizer.json": "{\"added_tokens\": [], \"model\": \(model)}"])
  }

  /// A `tokenizer_config.json` with this text.
  init(_ message: String, configuration: String) {
    self.init(message, ["tokenizer_config.json": configuration])
  }
}

private let vocabulary = #"{"a": 0, "b</w>": 1, "ab</w>": 2, "<|startoftext|>": 3, "<|endoftext|>": 4}"#

private let malformed = [
  // Missing and unreadable files.
  Malformed(
    "FOLDER: holds neither tokenizer.json nor both vocab.json and merges.txt.", ["vocab.json": nil]),
  Malformed(
    "FOLDER: holds neither tokenizer.json nor both vocab.json and merges.txt.", ["merges.txt": nil]),
  // Vocabularies.
  Malformed("FOLDER/vocab.json: ends in the middle of its JSON value at byte 11.", ["vocab.json": #"{"a": 0, "b"#]),
  Malformed("FOLDER/vocab.json: the top value is a list, but must be an object.", ["vocab.json": "[1]"]),
  Malformed(
    "FOLDER/vocab.json: the top value is an empty object, but must be an object of at least one token and its id.",
    ["vocab.json": "{}"]),
  Malformed(
    #"FOLDER/vocab.json: the id of token "c" is 3, but the 2 ids must be 0 to 1, each once."#,
    ["vocab.json": #"{"a": 0, "c": 3}"#]),
  Malformed(
    #"FOLDER/vocab.json: the id of token "c" is -1, but the 2 ids must be 0 to 1, each once."#,
    ["vocab.json": #"{"a": 0, "c": -1}"#]),
  Malformed(
    #"FOLDER/vocab.json: the id of token "c" is 0.5, but the 2 ids must be 0 to 1, each once."#,
    ["vocab.json": #"{"a": 0, "c": 0.5}"#]),
  Malformed(
    #"FOLDER/vocab.json: the id of token "c" is 99999999999999999999, but the 2 ids must be 0 to 1, each once."#,
    ["vocab.json": #"{"a": 0, "c": 99999999999999999999}"#]),
  Malformed(
    #"FOLDER/vocab.json: the id of token "c" is "1", but the 2 ids must be 0 to 1, each once."#,
    ["vocab.json": #"{"a": 0, "c": "1"}"#]),
  Malformed(
    #"FOLDER/vocab.json: the tokens "a" and "c\u{a}\u{1b}" have the same id 0."#,
    ["vocab.json": #"{"a": 0, "c\n\u001b": 0}"#]),
  Malformed(
    #"FOLDER/vocab.json: has the key "a" twice in one object at byte 9."#, ["vocab.json": #"{"a": 0, "a": 1}"#]),
  Malformed(
    #"FOLDER/vocab.json: the vocabulary has neither the token "\#u{100}" nor the unknown token "<|endoftext|>"."#,
    ["vocab.json": #"{"a": 0, "b</w>": 1, "ab</w>": 2}"#]),
  // Merges.
  Malformed(
    #"FOLDER/merges.txt: line 2 must be two tokens with one space between them, but is "a"."#,
    ["merges.txt": "#version: 0.2\na\n"]),
  Malformed(
    #"FOLDER/merges.txt: line 2 must be two tokens with one space between them, but is "a  b</w>"."#,
    ["merges.txt": "a b</w>\na  b</w>"]),
  Malformed(
    #"FOLDER/merges.txt: line 2 must be two tokens with one space between them, but is ""."#,
    ["merges.txt": "a b</w>\n\n"]),
  Malformed(
    #"FOLDER/merges.txt: line 1 needs the token "c", which the vocabulary does not have."#, ["merges.txt": "a c\n"]),
  Malformed(
    #"FOLDER/merges.txt: line 1 needs the token "aa", which the vocabulary does not have."#, ["merges.txt": "a a\n"]),
  // tokenizer.json.
  Malformed("FOLDER/tokenizer.json: the key added_tokens is missing.", ["tokenizer.json": "{}"]),
  Malformed("FOLDER/tokenizer.json: the key model is missing.", ["tokenizer.json": #"{"added_tokens": []}"#]),
  Malformed(
    "FOLDER/tokenizer.json: model.vocab is a list, but must be an object of at least one token and its id.",
    model: #"{"vocab": ["a"]}"#),
  Malformed("FOLDER/tokenizer.json: the key model.vocab is missing.", model: "{}"),
  Malformed("FOLDER/tokenizer.json: the key model.merges is missing.", model: "{\"vocab\": \(vocabulary)}"),
  Malformed(#"FOLDER/tokenizer.json: model.type is "Unigram", but must be "BPE"."#, model: #"{"type": "Unigram"}"#),
  Malformed(
    "FOLDER/tokenizer.json: model.merges is an object, but must be a list.",
    model: #"{"vocab": \#(vocabulary), "merges": {"a": 1}}"#),
  Malformed(
    "FOLDER/tokenizer.json: model.merges[1] must be two tokens with one space between them, but is a list.",
    model: #"{"vocab": \#(vocabulary), "merges": ["a b</w>", ["a", "b</w>", "c"]]}"#),
  Malformed(
    "FOLDER/tokenizer.json: model.merges[0] must be two tokens with one space between them, but is 7.",
    model: #"{"vocab": \#(vocabulary), "merges": [7]}"#),
  Malformed(
    #"FOLDER/tokenizer.json: model.merges[0] needs the token "b", which the vocabulary does not have."#,
    model: #"{"vocab": \#(vocabulary), "merges": [["a", "b"]]}"#),
  Malformed(
    #"FOLDER/tokenizer.json: the added token "a" has the id 9, but the vocabulary gives it 0."#,
    [
      "tokenizer.json":
        #"{"added_tokens": [{"id": 9, "content": "a"}], "model": {"vocab": \#(vocabulary), "merges": []}}"#
    ]),
  Malformed(
    #"FOLDER/tokenizer.json: added_tokens[0].id is "x", but must be a whole number."#,
    ["tokenizer.json": #"{"added_tokens": [{"id": "x", "content": "a"}]}"#]),
  Malformed(
    "FOLDER/tokenizer.json: the key added_tokens[0].content is missing.",
    ["tokenizer.json": #"{"added_tokens": [{"id": 1}]}"#]),
  Malformed(
    #"FOLDER/tokenizer.json: truncation.direction is "up", but must be "left" or "right"."#,
    ["tokenizer.json": #"{"truncation": {"direction": "up"}}"#]),
  // tokenizer_config.json and its older companions.
  Malformed(
    "FOLDER/tokenizer_config.json: the top value is 5, but must be an object.", configuration: "5"),
  Malformed(
    #"FOLDER/tokenizer_config.json: model_max_length is "77", but must be a whole number."#,
    configuration: #"{"model_max_length": "77"}"#),
  Malformed(
    "FOLDER/tokenizer_config.json: model_max_length is 77.0, but must be a whole number.",
    configuration: #"{"model_max_length": 77.0}"#),
  Malformed(
    "FOLDER/tokenizer_config.json: model_max_length is 1, but must be 2 to 65536.",
    configuration: #"{"model_max_length": 1}"#),
  Malformed(
    "FOLDER/tokenizer_config.json: model_max_length is 65537, but must be 2 to 65536.",
    configuration: #"{"model_max_length": 65537}"#),
  Malformed(
    #"FOLDER/tokenizer_config.json: padding_side is "top", but must be "left" or "right"."#,
    configuration: #"{"padding_side": "top"}"#),
  Malformed(
    "FOLDER/tokenizer_config.json: split_special_tokens is 1, but must be true or false.",
    configuration: #"{"split_special_tokens": 1}"#),
  Malformed(
    "FOLDER/tokenizer_config.json: eos_token is null, but must be a text or an object.",
    configuration: #"{"eos_token": null}"#),
  Malformed(
    #"FOLDER/tokenizer_config.json: eos_token is "", but must be a text of 1 to 1024 bytes."#,
    configuration: #"{"eos_token": ""}"#),
  Malformed(
    "FOLDER/tokenizer_config.json: the key eos_token.content is missing.", configuration: #"{"eos_token": {}}"#),
  Malformed(
    "FOLDER/tokenizer_config.json: eos_token.normalized is \"yes\", but must be true or false.",
    configuration: #"{"eos_token": {"content": "x", "normalized": "yes"}}"#),
  Malformed(
    "FOLDER/tokenizer_config.json: extra_special_tokens is 3, but must be a list.",
    configuration: #"{"extra_special_tokens": 3}"#),
  Malformed(
    #"FOLDER/tokenizer_config.json: added_tokens_decoder.x is an object, but must be under a key that is an id."#,
    configuration: #"{"added_tokens_decoder": {"x": {"content": "a"}}}"#),
  Malformed(
    #"FOLDER/added_tokens.json: "<cat>" is -1, but must be the id of a token of 1 to 1024 bytes."#,
    ["added_tokens.json": #"{"<cat>": -1}"#]),
  Malformed(
    "FOLDER/special_tokens_map.json: pad_token is a list, but must be a text or an object.",
    ["special_tokens_map.json": #"{"pad_token": ["!"]}"#]),
]

@Suite("Malformed tokenizer folders") struct MalformedTokenizerTests {
  private func validFolder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(vocabulary, to: "vocab.json")
    try folder.write("#version: 0.2\na b</w>\n", to: "merges.txt")
    return folder
  }

  /// The message of the error that loading `folder` ends in, its path replaced.
  private func message(of folder: TemporaryFolder) -> String? {
    let error = #expect(throws: TokenizerError.self) { try folder.tokenizer() }
    return error?.description.replacingOccurrences(of: folder.url.path, with: "FOLDER")
  }

  @Test("are valid before anything is laid over them")
  func valid() throws {
    let tokenizer = try validFolder().tokenizer(defaultLength: 4)
    #expect(try tokenizer.encode("AB").ids == [3, 2, 4, 4])
  }

  @Test("end in one sentence", arguments: malformed)
  fileprivate func messages(entry: Malformed) throws {
    let folder = try validFolder()
    for (name, text) in entry.files {
      if let text {
        try folder.write(text, to: name)
      } else {
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent(name))
      }
    }
    #expect(message(of: folder) == entry.message)
  }

  @Test("that cut a valid file off anywhere end in an error", arguments: ["vocab.json", "tokenizer.json"])
  func truncated(name: String) throws {
    let folder = try validFolder()
    let whole =
      name == "vocab.json"
      ? vocabulary : "{\"added_tokens\": [], \"model\": {\"vocab\": \(vocabulary), \"merges\": [[\"a\", \"b</w>\"]]}}"
    for length in 0..<whole.utf8.count {
      try folder.write(Array(whole.utf8.prefix(length)), to: name)
      #expect(throws: TokenizerError.self, "\(length) bytes") { try folder.tokenizer() }
    }
  }

  @Test("with bytes that are no UTF-8 end in one sentence")
  func invalidBytes() throws {
    let folder = try validFolder()
    try folder.write([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x30, 0x7D], to: "vocab.json")
    #expect(message(of: folder) == "FOLDER/vocab.json: is not valid UTF-8 at byte 2.")
  }

  @Test("with a folder in the place of a file end in one sentence")
  func folderAsFile() throws {
    let folder = try validFolder()
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("tokenizer.json"), withIntermediateDirectories: false)
    #expect(message(of: folder) == "FOLDER/tokenizer.json: cannot be read, it is no regular file.")
  }

  @Test("with a file of more than 16 MiB end in one sentence, unread")
  func largeFile() throws {
    let folder = try validFolder()
    let file = try FileHandle(forWritingTo: folder.url.appendingPathComponent("merges.txt"))
    try file.truncate(atOffset: 16 << 20 + 1)
    try file.close()
    #expect(
      message(of: folder)
        == "FOLDER/merges.txt: has 16777217 bytes, more than the 16777216 that a tokenizer file may have.")
  }

  @Test("are read through links, as the hub's cache has them")
  func links() throws {
    let folder = try validFolder()
    let linked = try TemporaryFolder()
    for name in ["vocab.json", "merges.txt"] {
      try FileManager.default.createSymbolicLink(
        at: linked.url.appendingPathComponent(name), withDestinationURL: folder.url.appendingPathComponent(name))
    }
    let size = try withExtendedLifetime(folder) { try linked.tokenizer().vocabularySize }
    #expect(size == 5)
  }
}
