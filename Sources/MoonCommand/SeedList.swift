internal import ArgumentParser

/// The seeds of a run, from text such as `7` or `7,8,9`.
///
/// A seed has 64 bits. A negative one stands for its two's complement, as in PyTorch, so -1 is 18446744073709551615.
package struct SeedList: Equatable, Sendable, TextForm {
  package static let form = "a whole number of 64 bits, or several with commas between them"

  /// One seed for all images, or one an image.
  package let seeds: [UInt64]

  /// The given seeds.
  package init(_ seeds: [UInt64]) { self.seeds = seeds }

  /// Reads seeds separated by commas; `nil` when one is not a whole number of 64 bits.
  package init?(argument: String) {
    var seeds: [UInt64] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let text = part.trimmed
      if let seed = UInt64(text) {
        seeds.append(seed)
      } else if let seed = Int64(text) {
        seeds.append(UInt64(bitPattern: seed))
      } else {
        return nil
      }
    }
    self.seeds = seeds
  }

  /// One seed drawn from the system; short enough to be typed again.
  package static func random() -> SeedList { SeedList([UInt64(UInt32.random(in: .min ... .max))]) }

  /// The number, or a list where there are several.
  package var json: JSONText {
    if seeds.count == 1 { .unsigned(seeds[0]) } else { .array(seeds.map { .unsigned($0) }) }
  }
}

extension StringProtocol {
  /// The text without spaces at its ends.
  var trimmed: String {
    var rest = Substring(self)
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}
