import Foundation
import MoonCommand
import Testing

@Suite("JSON output") struct JSONTextTests {
  @Test("keeps the order of members and writes one line")
  func order() {
    let value = JSONText.object([.init("b", .integer(1)), .init("a", .array([.null, .bool(true)]))])
    #expect(value.text == #"{"b": 1, "a": [null, true]}"#)
  }

  @Test(
    "writes numbers that read back as the same, and none that JSON lacks",
    arguments: [
      (981, "981"), (0.1, "0.1"), (-0.5, "-0.5"), (1e-9, "1e-09"), (1e300, "1e+300"), (.infinity, "null"),
      (.nan, "null"), (9_007_199_254_740_992, "9007199254740992.0"),
    ] as [(Double, String)])
  func numbers(value: Double, wanted: String) { #expect(JSONText.number(value).text == wanted) }

  @Test("writes any text so that Foundation reads it back")
  func texts() throws {
    let text = "\"\\\n\t\r\0\u{1B}[2J\u{7F}\u{85}\u{2028} ünï 🎨/"
    let written = JSONText.object([.init(text, .string(text))]).text
    let read = try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String: String]
    #expect(read == [text: text])
    #expect(written.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0.value != 0x85 })
  }
}
