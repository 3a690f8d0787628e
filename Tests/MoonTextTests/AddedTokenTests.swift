import Foundation
import MoonText
import Testing

/// What `community/tokens.json` holds.
private struct AddedTokenCases: Decodable {
  struct Case: Decodable {
    let text: String
    let ids: [Int32]
    let expanded: String
    let expanded_ids: [Int32]
  }

  let tokens: [String]
  let first_id: Int32
  let cases: [Case]
}

@Suite("Tokens added later") struct AddedTokenTests {
  private let reference: AddedTokenCases
  private let plain: CLIPTokenizer

  init() throws {
    let file = tokenizerFixtures.deletingLastPathComponent().appendingPathComponent("community/tokens.json")
    reference = try JSONDecoder().decode(AddedTokenCases.self, from: try Data(contentsOf: file))
    plain = try CLIPTokenizer(contentsOf: tokenizerFixtures.appendingPathComponent("small"))
  }

  /// The ids without what frames and fills them.
  private func ids(_ text: String, _ tokenizer: CLIPTokenizer) throws -> [Int32] {
    let encoding = try tokenizer.encode(text)
    return Array(encoding.ids.dropFirst().prefix(encoding.tokens.count))
  }

  @Test("are cut out of texts as by the reference")
  func cutting() throws {
    #expect(plain.vocabularySize == Int(reference.first_id))
    let tokenizer = try plain.adding(reference.tokens)
    #expect(tokenizer.vocabularySize == plain.vocabularySize + reference.tokens.count)
    #expect(reference.cases.count > 10)
    for entry in reference.cases {
      let found = try ids(entry.text, tokenizer)
      #expect(found == entry.ids, "\(entry.text)")
    }
  }

  @Test("are followed by their other vectors as by the reference")
  func expansion() throws {
    let tokenizer = try plain.adding(reference.tokens)
    for entry in reference.cases {
      let expanded = try tokenizer.expandingAddedTokens(in: entry.text)
      #expect(expanded == entry.expanded)
      let found = try ids(expanded, tokenizer)
      #expect(found == entry.expanded_ids, "\(entry.text)")
    }
    let untouched = try plain.expandingAddedTokens(in: "a <cat-toy>")
    #expect(untouched == "a <cat-toy>")
  }

  @Test("leave the tokenizer that they are added to as it was, and may be added in turns")
  func value() throws {
    let first = try plain.adding(["<cat-toy>"])
    let both = try first.adding(["sks"])
    let before = try ids("sks <cat-toy>", plain)
    let after = try ids("sks <cat-toy>", both)
    #expect(after == [reference.first_id + 1, reference.first_id])
    #expect(before.allSatisfy { $0 < reference.first_id })
    #expect(first.vocabularySize == plain.vocabularySize + 1)
  }

  @Test("are refused when they are known, empty or too long")
  func refusals() throws {
    #expect(throws: TokenizerError.unusableToken(token: "\"in\"", reason: "the tokenizer has it already")) {
      try plain.adding(["in"])
    }
    #expect(throws: TokenizerError.unusableToken(token: "\"sks\"", reason: "the tokenizer has it already")) {
      try plain.adding(["sks", "sks"])
    }
    #expect(throws: TokenizerError.unusableToken(token: "\"\"", reason: "it must have 1 to 1024 bytes")) {
      try plain.adding([""])
    }
    let error = TokenizerError.unusableToken(token: "\"in\"", reason: "the tokenizer has it already")
    #expect(error.description == "The token \"in\" cannot be added: the tokenizer has it already.")
  }
}
