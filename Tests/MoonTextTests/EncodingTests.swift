import MoonText
import Testing

@Suite("Token encoding") struct EncodingTests {
  @Test("names the tokens that fit")
  func tokens() throws {
    let encoding = try Published.tokenizer.get().encode("A photograph, of Caf\u{E9}s")
    #expect(encoding.tokens == ["a</w>", "photograph</w>", ",</w>", "of</w>", "caf", "\u{C3}\u{A9}s</w>"])
    #expect(encoding.cutTokens.isEmpty)
    #expect(encoding.cut == 0)
    #expect(encoding.ids.count == 77)
  }

  @Test("names the tokens that are left out")
  func cut() throws {
    let text = Array(repeating: "cat", count: 75).joined(separator: " ") + " red apple"
    let encoding = try Published.tokenizer.get().encode(text)
    #expect(encoding.tokens == Array(repeating: "cat</w>", count: 75))
    #expect(encoding.cutTokens == ["red</w>", "apple</w>"])
    #expect(encoding.cut == 2)
    #expect(encoding.ids.last == 49407)
  }

  @Test("knows canonically equal tokens apart")
  func canonicallyEqualTokens() throws {
    // "Å" is the byte 0xC5 in a byte-level vocabulary; "A" with a ring above is no byte, but may be a merged token.
    let folder = try TemporaryFolder()
    let vocabulary = """
      {"A": 0, "A\u{30A}</w>": 1, "\u{C5}</w>": 2, "\u{30A}</w>": 3, "<|startoftext|>": 4, "<|endoftext|>": 5,
       "\u{C5}": 6}
      """
    try folder.write(vocabulary, to: "vocab.json")
    try folder.write("#version: 0.2\nA \u{30A}</w>\n", to: "merges.txt")
    let tokenizer = try folder.tokenizer(defaultLength: 5)
    #expect(tokenizer.vocabularySize == 7)
    // U+0141 is the bytes C5 81; lower case U+0142 is C5 82, and 82 has no token of its own.
    #expect(try tokenizer.encode("\u{141}").ids == [4, 6, 5, 5, 5])
  }

  @Test("takes bytes that are UTF-8 as text")
  func validBytes() throws {
    let tokenizer = try Published.tokenizer.get()
    #expect(
      try tokenizer.encode(utf8: Array("Z\u{FC}rich \u{1F34E}".utf8)) == tokenizer.encode("Z\u{FC}rich \u{1F34E}"))
  }

  @Test(
    "refuses bytes that are no UTF-8",
    arguments: [
      ([0x61, 0xFF], 1), ([0x61, 0x62, 0xC3], 2), ([0xC0, 0x80], 0), ([0xED, 0xA0, 0x80], 0),
      ([0x61, 0xF4, 0x90, 0x80, 0x80], 1), ([0xE2, 0x82], 0),
    ] as [([UInt8], Int)])
  func invalidBytes(bytes: [UInt8], position: Int) throws {
    let tokenizer = try Published.tokenizer.get()
    #expect(throws: TokenizerError.invalidUTF8(byte: position)) { try tokenizer.encode(utf8: bytes) }
    #expect(
      TokenizerError.invalidUTF8(byte: position).description == "The text is not valid UTF-8 at byte \(position).")
  }

  @Test("refuses texts beyond 65,536 bytes")
  func tooLong() throws {
    let tokenizer = try Published.tokenizer.get()
    let error = #expect(throws: TokenizerError.self) {
      try tokenizer.encode(String(repeating: "\u{E9}", count: 32_769))
    }
    #expect(error?.description == "The text has 65538 bytes, more than the 65536 that are encoded.")
    #expect(throws: TokenizerError.textTooLong(found: 65_537, limit: 65_536)) {
      try tokenizer.encode(utf8: Array(repeating: 0x61, count: 65_537))
    }
    #expect(try tokenizer.encode(String(repeating: "a ", count: 32_768)).cut == 32_768 - 75)
  }
}
