import MoonText
import Testing

@Suite("JSON reader") struct JSONReaderTests {
  private func text(_ text: String) -> JSONValue { .text(Array(text.utf8)) }

  @Test("reads every kind of value")
  func values() throws {
    let source = #" { "a" : [ 1, -0.5e+10, true, false, null, "x" ], "b":{}, "c":[] } "#
    let wanted = JSONValue.object([
      .init(
        key: Array("a".utf8),
        value: .list([.number("1"), .number("-0.5e+10"), .flag(true), .flag(false), .null, text("x")])),
      .init(key: Array("b".utf8), value: .object([])), .init(key: Array("c".utf8), value: .list([])),
    ])
    #expect(try JSONReader.value(of: Array(source.utf8)) == wanted)
  }

  @Test(
    "resolves escapes",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00e9\u0041""#, "\u{E9}A"),
      (#""\ud83c\udf4e""#, "\u{1F34E}"), (#""é\u0301""#, "é\u{301}"), (#""\u0000""#, "\0"),
    ])
  func escapes(source: String, wanted: String) throws {
    #expect(try JSONReader.value(of: Array(source.utf8)) == text(wanted))
  }

  @Test("takes canonically equal keys for two keys")
  func canonicallyEqualKeys() throws {
    let value = try JSONReader.value(of: Array("{\"\u{E9}\": 1, \"e\u{301}\": 2}".utf8))
    guard case .object(let members) = value else {
      Issue.record("no object")
      return
    }
    #expect(members.map(\.value) == [.number("1"), .number("2")])
  }

  @Test(
    "refuses what is no JSON",
    arguments: [
      ("", 0, "ends in the middle of its JSON value"), ("{", 1, "ends in the middle of its JSON value"),
      (#"{"a": 1"#, 7, "ends in the middle of its JSON value"), (#""abc"#, 4, "ends in the middle of its JSON value"),
      (#""\u12"#, 5, "ends in the middle of its JSON value"), ("{} x", 3, "has more text behind its JSON value"),
      ("[1 2]", 3, "has no comma between two items"), (#"{"a" 1}"#, 5, "has no colon behind a key"),
      (#"{"a":1 "b":2}"#, 7, "has no comma between two members"), ("{a: 1}", 1, "has no key"),
      ("[1,]", 3, "has no value"),
      (#"{"a":1,}"#, 7, "has no key"), ("[01]", 2, "has no comma between two items"), ("[+1]", 1, "has no value"),
      ("[.5]", 1, "has no value"), ("[1.]", 3, "has no value"), ("[1e]", 3, "has no value"),
      ("[NaN]", 1, "has no value"),
      ("[nul]", 4, "has an unknown word"), (#"["\x41"]"#, 3, "has an unknown escape in a text"),
      (#"["\u00g0"]"#, 6, "has an unknown escape in a text"),
      (#"["\ud83c"]"#, 8, "has half a surrogate pair in a text"),
      (#"["\udf4e"]"#, 8, "has half a surrogate pair in a text"),
      (#"["\ud83c\u0041"]"#, 14, "has half a surrogate pair in a text"),
      ("[\"a\nb\"]", 3, "has a control character in a text"),
      (#"{"a": 1, "b": 2, "\u0061": 3}"#, 17, #"has the key "a" twice in one object"#),
      ("\u{FEFF}{}", 0, "has no value"),
    ])
  func refusals(source: String, byte: Int, problem: String) {
    let error = #expect(throws: JSONReader.Problem.self) { try JSONReader.value(of: Array(source.utf8)) }
    #expect(error?.byte == byte)
    #expect(error?.text == problem)
  }

  @Test("refuses bytes that are no UTF-8")
  func invalidBytes() {
    let error = #expect(throws: JSONReader.Problem.self) { try JSONReader.value(of: [0x22, 0x61, 0xC3, 0x22]) }
    #expect(error?.byte == 2)
    #expect(error?.text == "is not valid UTF-8")
  }

  @Test("reads 64 values inside each other and refuses more, however many")
  func depth() throws {
    let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    _ = try JSONReader.value(of: Array(deepest.utf8))
    for count in [65, 100_000] {
      let error = #expect(throws: JSONReader.Problem.self) {
        try JSONReader.value(of: Array(repeating: UInt8(ascii: "["), count: count))
      }
      #expect(error?.text == "nests deeper than 64 values")
      #expect(error?.byte == 64)
    }
  }
}
