import Foundation
import MoonText
import Testing

/// What `tokenizer_cases.json` and `small/cases.json` hold.
private struct ReferenceCases: Decodable {
  struct Identifiers: Decodable {
    let ids: [Int32]
    let ids_untruncated: [Int32]
  }

  struct Case: Decodable {
    let label: String
    let text: String
    let ids: [Int32]
    let ids_untruncated: [Int32]?
    let sd2: Identifiers?
    let plain: Identifiers?
  }

  let cases: [Case]

  init(_ name: String) throws {
    let data = try Data(contentsOf: tokenizerFixtures.appendingPathComponent(name))
    self = try JSONDecoder().decode(ReferenceCases.self, from: data)
  }
}

@Suite("Texts of the reference") struct ReferenceCaseTests {
  /// Fails with the label and the text if the ids, or the number of tokens before the cut, differ.
  private func check(
    _ tokenizer: CLIPTokenizer, _ text: String, _ label: String, _ ids: [Int32], untruncated: [Int32]?
  ) throws {
    let encoding = try tokenizer.encode(text)
    #expect(encoding.ids == ids, "\(label): \(text.debugDescription)")
    if let untruncated {
      #expect(encoding.tokens.count + encoding.cut == untruncated.count - 2, "\(label): \(text.debugDescription)")
    }
  }

  @Test(
    "become the ids of the reference with the published vocabulary, from files and built in", arguments: [false, true])
  func published(isBuiltIn: Bool) throws {
    let tokenizer = isBuiltIn ? try CLIPTokenizer(published: .endOfText) : try Published.tokenizer.get()
    let cases = try ReferenceCases("tokenizer_cases.json").cases
    #expect(cases.count > 200)
    for entry in cases {
      try check(tokenizer, entry.text, entry.label, entry.ids, untruncated: entry.ids_untruncated)
    }
  }

  @Test("become the ids of the reference with SD 2.x's pad token, from files and built in", arguments: [false, true])
  func secondVersion(isBuiltIn: Bool) throws {
    let tokenizer = isBuiltIn ? try CLIPTokenizer(published: .exclamationMark) : try Published.secondTokenizer.get()
    #expect(tokenizer.paddingID == 0)
    let cases = try ReferenceCases("tokenizer_cases.json").cases.filter { $0.sd2 != nil }
    #expect(cases.count > 20)
    for entry in cases {
      guard let wanted = entry.sd2 else { continue }
      try check(tokenizer, entry.text, entry.label, wanted.ids, untruncated: wanted.ids_untruncated)
    }
  }

  @Test("become the ids of the reference with bare special tokens")
  func plain() throws {
    let tokenizer = try Published.plainTokenizer.get()
    let cases = try ReferenceCases("tokenizer_cases.json").cases.filter { $0.plain != nil }
    #expect(cases.count > 20)
    for entry in cases {
      guard let wanted = entry.plain else { continue }
      try check(tokenizer, entry.text, entry.label, wanted.ids, untruncated: wanted.ids_untruncated)
    }
  }

  @Test("are the same whether cut or not")
  func untruncated() throws {
    let folder = try TemporaryFolder(copying: [
      "vocab.json": "vocab.json", "merges.txt": "merges.txt", "special_tokens_map.json": "special_tokens_map.json",
    ])
    let tokenizer = try folder.tokenizer(defaultLength: 8192)
    for entry in try ReferenceCases("tokenizer_cases.json").cases {
      guard let wanted = entry.ids_untruncated else { continue }
      let ids = try tokenizer.encode(entry.text).ids
      #expect(Array(ids.prefix(wanted.count)) == wanted, "\(entry.label): \(entry.text.debugDescription)")
      #expect(ids.dropFirst(wanted.count).allSatisfy { $0 == tokenizer.paddingID })
    }
  }

  @Test(
    "become the same ids from every form of a vocabulary",
    arguments: [
      ["vocab.json": "small/vocab.json", "merges.txt": "small/merges.txt"],
      ["tokenizer.json": "small/tokenizer.json"],
      ["tokenizer.json": "small/tokenizer_text_merges.json"],
    ])
  func forms(files: [String: String]) throws {
    var files = files
    files["tokenizer_config.json"] = "small/tokenizer_config.json"
    if files["vocab.json"] != nil { files["special_tokens_map.json"] = "small/special_tokens_map.json" }
    let folder = try TemporaryFolder(copying: files)
    let tokenizer = try folder.tokenizer()
    for entry in try ReferenceCases("small/cases.json").cases {
      let encoding = try tokenizer.encode(entry.text)
      let wanted = Array(entry.ids.dropFirst().dropLast())
      let room = tokenizer.modelMaxLength - 2
      #expect(Array(encoding.ids.dropFirst().prefix(min(room, wanted.count))) == Array(wanted.prefix(room)))
      #expect(encoding.cut == max(0, wanted.count - room), "\(entry.label)")
    }
  }

  @Test("become the ids of the reference where Unicode is difficult", arguments: DifficultText.all)
  func difficult(text: DifficultText) throws {
    let tokenizer = try Published.tokenizer.get()
    let framed = [tokenizer.beginningOfTextID] + text.ids + [tokenizer.endOfTextID]
    let padding = Array(repeating: tokenizer.paddingID, count: tokenizer.modelMaxLength - framed.count)
    #expect(try tokenizer.encode(text.text).ids == framed + padding)
  }
}
