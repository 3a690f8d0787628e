import MoonText
import Testing

/// A text meant to take long.
private struct HostileText: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let text: String

  init(_ label: String, _ text: String) {
    testDescription = label
    self.text = text
  }
}

private let hostileTexts = [
  HostileText("one word of 10,000 equal letters", String(repeating: "a", count: 10_000)),
  HostileText("one word of 10,000 letters", String(repeating: "abcdefghijklmnopqrstuvwxy", count: 400)),
  HostileText("one word of 65,536 letters", String(repeating: "moonlight", count: 7_281)),
  HostileText(
    "5,000 marks in falling order",
    "a" + String(repeating: "\u{345}", count: 2_500) + String(repeating: "\u{334}", count: 2_500)),
  HostileText("5,000 marks in alternating order", "a" + String(repeating: "\u{345}\u{334}", count: 2_500)),
  HostileText("5,000 marks that come apart", "a" + String(repeating: "\u{344}", count: 5_000)),
  HostileText("3,000 syllables to compose", String(repeating: "\u{1112}\u{1161}\u{11AB}", count: 1_000)),
  HostileText("10,000 marks of punctuation", String(repeating: "!?", count: 5_000)),
  HostileText("10,000 beginnings of a special token", String(repeating: "<|endoftex", count: 1_000)),
  HostileText("10,000 spaces", String(repeating: " ", count: 10_000)),
  HostileText("2,500 emoji", String(repeating: "\u{1F34E}", count: 2_500)),
  HostileText("10,000 null characters", String(repeating: "\0", count: 10_000)),
]

@Suite("Hostile texts") struct HostileTextTests {
  @Test("are encoded in a moment", arguments: hostileTexts)
  fileprivate func time(entry: HostileText) throws {
    let tokenizer = try Published.tokenizer.get()
    let clock = ContinuousClock()
    let start = clock.now
    #expect(try tokenizer.encode(entry.text).ids.count == 77)
    let time = clock.now - start
    // A release build takes a few hundredths of a second; quadratic work would take minutes in a debug build.
    #expect(time < .seconds(10))
  }
}
