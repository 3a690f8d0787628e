import MoonWeights
import Testing

@Suite("JSON on its way out") struct JSONTextTests {
  @Test("reads back as the same value")
  func roundTrip() throws {
    let value = JSONValue.members([
      "null": .null, "yes": .bool(true), "whole": .integer(-7), "large": .integer(.max), "number": .number(0.1),
      "tiny": .number(.leastNonzeroMagnitude), "infinite": .array([.number(.infinity), .number(-.infinity)]),
      "text \"\\\n\u{1}ä": .string("a\tb\u{7F}\u{2028}"), "list": .array([]), "object": .members([:]),
    ])
    #expect(try JSONReader.parse(Array(value.text.utf8), limits: .init(allowsInfinity: true)) == value)
    #expect(JSONValue.members(["b": .integer(1), "a": .array([.null])]).text == "{\"b\":1,\"a\":[null]}")
  }
}
