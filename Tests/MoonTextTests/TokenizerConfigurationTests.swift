import MoonText
import Testing

/// Configuration files beside the small vocabulary, and what the reference (transformers 5.24.0) makes of a text then.
private struct ConfiguredCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let files: [String: String]
  let text: String
  let ids: [Int32]

  init(_ label: String, _ files: [String: String], _ text: String, _ ids: [Int32]) {
    testDescription = label
    self.files = files
    self.text = text
    self.ids = ids
  }
}

/// `<|endoftext|>`, looked for in the normalised text.
private let end = #"{"__type": "AddedToken", "content": "<|endoftext|>", "normalized": true}"#
/// A token that swallows white space.
private let the = #"{"__type": "AddedToken", "content": "the", "lstrip": true, "rstrip": true}"#
/// A token that stands alone.
private let an = #"{"__type": "AddedToken", "content": "an", "single_word": true}"#

private let configuredCases = [
  ConfiguredCase(
    "takes the length from model_max_length",
    ["tokenizer_config.json": #"{"model_max_length": 5}"#],
    "a b c d e", [872, 320, 321, 322, 873]),
  ConfiguredCase(
    "takes the length from max_len where that is older",
    ["tokenizer_config.json": #"{"max_len": 6}"#],
    "a b c d e", [872, 320, 321, 322, 323, 873]),
  ConfiguredCase(
    "frames nothing but two tokens at the smallest length",
    ["tokenizer_config.json": #"{"model_max_length": 2}"#],
    "a b c d e", [872, 873]),
  ConfiguredCase(
    "pads on the left",
    ["tokenizer_config.json": #"{"model_max_length": 6, "padding_side": "left"}"#],
    "a b", [873, 873, 872, 320, 321, 873]),
  ConfiguredCase(
    "cuts on the left",
    ["tokenizer_config.json": #"{"model_max_length": 5, "truncation_side": "left"}"#],
    "a b c d e", [872, 322, 323, 324, 873]),
  ConfiguredCase(
    "ignores do_lower_case",
    ["tokenizer_config.json": #"{"model_max_length": 4, "do_lower_case": false}"#],
    "A", [872, 320, 873, 873]),
  ConfiguredCase(
    "cuts out a pad token",
    ["tokenizer_config.json": #"{"model_max_length": 8, "pad_token": "!"}"#],
    "the! b", [872, 518, 0, 321, 873, 0, 0, 0]),
  ConfiguredCase(
    "matches a bare special token as typed",
    ["tokenizer_config.json": #"{"model_max_length": 14}"#],
    "a<|endoftext|><|EndOfText|>", [872, 320, 873, 27, 347, 524, 639, 69, 600, 87, 339, 91, 285, 873]),
  ConfiguredCase(
    "matches a normalized special token in any case",
    [
      "tokenizer_config.json":
        #"{"model_max_length": 6, "eos_token": \#(end), "unk_token": \#(end), "pad_token": "!"}"#
    ],
    "a<|EndOfText|>", [872, 320, 873, 873, 0, 0]),
  ConfiguredCase(
    "lets the later of two declarations decide",
    [
      "tokenizer_config.json":
        #"{"model_max_length": 14, "eos_token": \#(end)}"#
    ],
    "<|EndOfText|>", [872, 27, 347, 524, 639, 69, 600, 87, 339, 91, 285, 873, 873, 873]),
  ConfiguredCase(
    "treats special tokens as text on demand",
    ["tokenizer_config.json": #"{"model_max_length": 14, "split_special_tokens": true}"#],
    "a<|endoftext|>", [872, 320, 27, 347, 524, 639, 69, 600, 87, 339, 91, 285, 873, 873]),
  ConfiguredCase(
    "appends tokens that the vocabulary lacks",
    ["tokenizer_config.json": #"{"model_max_length": 5, "bos_token": "<cat>"}"#],
    "a<cat>", [874, 320, 874, 873, 873]),
  ConfiguredCase(
    "takes tokens from special_tokens_map.json",
    [
      "tokenizer_config.json": #"{"model_max_length": 8}"#,
      "special_tokens_map.json":
        #"{"pad_token": {"content": "!", "lstrip": true}, "additional_special_tokens": ["<cat>"]}"#,
    ],
    "the  !<cat>", [872, 518, 0, 874, 873, 0, 0, 0]),
  ConfiguredCase(
    "ignores special_tokens_map.json beside added_tokens_decoder",
    [
      "tokenizer_config.json":
        #"{"model_max_length": 8, "added_tokens_decoder": {"874": {"content": "<cat>", "normalized": true}}}"#,
      "special_tokens_map.json": #"{"pad_token": "!"}"#,
    ],
    "the <CAT>!", [872, 518, 874, 256, 873, 873, 873, 873]),
  ConfiguredCase(
    "takes tokens from added_tokens.json",
    ["tokenizer_config.json": #"{"model_max_length": 8}"#, "added_tokens.json": #"{"<cat>": 874}"#],
    "the <CAT>!", [872, 518, 874, 256, 873, 873, 873, 873]),
  ConfiguredCase(
    "takes tokens from extra_special_tokens",
    ["tokenizer_config.json": #"{"model_max_length": 10, "extra_special_tokens": ["<cat>"]}"#],
    "<cat> <CAT>", [872, 874, 283, 66, 536, 285, 873, 873, 873, 873]),
  ConfiguredCase(
    "takes tokens with names of the model's own",
    ["tokenizer_config.json": #"{"model_max_length": 10, "cat_token": "<cat>"}"#],
    "<cat> <CAT>", [872, 874, 283, 66, 536, 285, 873, 873, 873, 873]),
  ConfiguredCase(
    "lets a token swallow white space",
    [
      "tokenizer_config.json":
        #"{"model_max_length": 8, "additional_special_tokens": [\#(the), {"__type": "AddedToken", "content": " a"}]}"#
    ],
    "b  the  a a", [872, 321, 599, 874, 874, 873, 873, 873]),
  ConfiguredCase(
    "matches a single word only",
    [
      "tokenizer_config.json":
        #"{"model_max_length": 12, "additional_special_tokens": [\#(an)]}"#
    ],
    "an ant an\u{301} _an (an)", [872, 514, 773, 64, 129, 482, 318, 550, 263, 514, 264, 873]),
  ConfiguredCase(
    "prefers the longest of several tokens",
    ["tokenizer_config.json": #"{"model_max_length": 8, "additional_special_tokens": ["<c", "<cat>"]}"#],
    "<cat><ca", [872, 875, 874, 320, 873, 873, 873, 873]),
]

@Suite("Tokenizer configuration") struct TokenizerConfigurationTests {
  private func folder(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder(copying: ["vocab.json": "small/vocab.json", "merges.txt": "small/merges.txt"])
    for (name, text) in files { try folder.write(text, to: name) }
    return folder
  }

  @Test("is understood as the reference understands it", arguments: configuredCases)
  fileprivate func configured(entry: ConfiguredCase) throws {
    let folder = try folder(entry.files)
    #expect(try folder.tokenizer().encode(entry.text).ids == entry.ids)
  }

  @Test("may be missing: tokens and length are CLIP's then")
  func defaults() throws {
    let tokenizer = try folder([:]).tokenizer()
    #expect(tokenizer.modelMaxLength == 77)
    #expect(tokenizer.beginningOfTextID == 872)
    #expect([tokenizer.endOfTextID, tokenizer.paddingID, tokenizer.unknownID] == [873, 873, 873])
    #expect(tokenizer.vocabularySize == 874)
  }

  @Test("leaves the length to the caller where it names none", arguments: ["null", "1000000000000000019884624838656"])
  func unlimited(length: String) throws {
    let folder = try folder(["tokenizer_config.json": "{\"model_max_length\": \(length)}"])
    let tokenizer = try folder.tokenizer(defaultLength: 4)
    #expect(try tokenizer.encode("a b c").ids == [872, 320, 321, 873])
  }

  @Test("cannot be completed by a length that holds no text", arguments: [-1, 0, 1, 65_537])
  func unusableLength(length: Int) throws {
    let folder = try folder([:])
    let error = #expect(throws: TokenizerError.self) { try folder.tokenizer(defaultLength: length) }
    #expect(error?.description == "An encoded text cannot have \(length) ids, only 2 to 65536.")
  }

  @Test("counts added tokens into the size of the vocabulary")
  func size() throws {
    let folder = try folder(["tokenizer_config.json": #"{"extra_special_tokens": ["<cat>", "<dog>", "the</w>"]}"#])
    #expect(try folder.tokenizer().vocabularySize == 876)
  }

  @Test("lets tokenizer.json win over vocab.json, and takes the sides from it")
  func sides() throws {
    let folder = try TemporaryFolder(copying: ["vocab.json": "small/vocab.json", "merges.txt": "small/merges.txt"])
    let tokenizer = """
      {"added_tokens": [{"id": 3, "content": "<|startoftext|>"}, {"id": 4, "content": "<|endoftext|>"}],
       "truncation": {"direction": "Left"}, "padding": {"direction": "Left"}, "normalizer": null,
       "model": {"type": "BPE", "merges": [], "vocab": {
         "a": 0, "a</w>": 1, "b</w>": 2, "<|startoftext|>": 3, "<|endoftext|>": 4}}}
      """
    try folder.write(tokenizer, to: "tokenizer.json")
    let loaded = try folder.tokenizer(defaultLength: 4)
    #expect(loaded.vocabularySize == 5)
    #expect(try loaded.encode("A").ids == [4, 3, 1, 4])
    #expect(try loaded.encode("a b aa").ids == [3, 0, 1, 4])
    #expect(try loaded.encode("a b aa").cutTokens == ["a</w>", "b</w>"])
  }
}
