import MoonTestSupport

/// A seeded stream with the draws that making things up needs.
struct Randomness {
  private var generator: SeededGenerator

  /// The stream of `seed`.
  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// The stream of case `number` of the run with `seed`: each case can be made again without those before it.
  init(seed: UInt64, number: Int) {
    var mixer = SeededGenerator(seed: seed &+ UInt64(bitPattern: Int64(number)) &* 0x9E37_79B9)
    generator = SeededGenerator(seed: mixer.next())
  }

  /// A whole number of the range.
  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  /// True in `percent` of 100 draws.
  mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

  /// One of `items`; `fallback` where there is none.
  mutating func pick<Item>(_ items: [Item], else fallback: Item) -> Item {
    items.randomElement(using: &generator) ?? fallback
  }

  /// One of `texts`.
  mutating func pick(_ texts: [String]) -> String { pick(texts, else: "") }

  /// One of the words of a text.
  mutating func word(_ text: String) -> String { pick(text.split(separator: " ").map(String.init)) }

  /// `bytes` with a few damages.
  mutating func damage(_ bytes: [UInt8]) -> [UInt8] { damaged(bytes, using: &generator) }
}
