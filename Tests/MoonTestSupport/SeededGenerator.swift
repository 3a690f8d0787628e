/// A random stream that is the same on every run (SplitMix64), for tests that try many inputs.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// The stream of `seed`.
  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// `bytes` with one to four small damages: bytes changed, cut out, put in, or the end cut off.
package func damaged(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
  var result = bytes
  for _ in 0..<Int.random(in: 1...4, using: &generator) where !result.isEmpty {
    let place = Int.random(in: result.indices, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: result.removeSubrange(place...)
    case 1: result.remove(at: place)
    case 2: result.insert(.random(in: 0...255, using: &generator), at: place)
    case 3: result[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 4: result[place] = [0x00, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
    case 5: result[place] = UInt8(ascii: "9")
    default: result[place] = .random(in: 0...255, using: &generator)
    }
  }
  return result
}
