internal import Foundation

/// PyTorch's random stream on a CUDA device: Philox4x32-10, each element from the block of its own GPU thread.
///
/// PyTorch gives every element a thread while the device has threads enough, and of the four numbers that a thread draws
/// it then keeps the first; so an element's value depends on its index alone. Tensors of more elements than the device
/// runs threads at once (multiprocessors times threads of one, about 126,000 on a GeForce RTX 3090, 41,000 on a T4) are
/// drawn in several rounds there, which differ from device to device; here they are drawn as on a device that is large
/// enough.
///
/// - Source: "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011) and its published vectors; Box and Muller's formula
///   as in cuRAND.
struct PhiloxStream: Sendable {
  private let key: SIMD2<UInt32>
  /// Draws so far; each is one step of every thread's counter.
  private var draws: UInt64 = 0

  /// The stream of a seed, of which all 64 bits count.
  init(seed: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }

  /// The first word of a draw of one element.
  mutating func nextWord() -> UInt32 {
    defer { draws &+= 1 }
    return block(ofThread: 0).x
  }

  /// Writes the uniform numbers of one draw, in `0..<1`.
  mutating func fillUniform(_ values: UnsafeMutableBufferPointer<Float>) throws(TensorError) {
    if values.isEmpty { return }
    let environment = TensorEnvironment.current
    for index in values.indices {
      if index > 0 && index % Parallel.elementsPerRange == 0 { try environment.check() }
      let value = Self.unit(block(ofThread: UInt64(index)).x)
      // cuRAND's numbers lie in 0 (excluded) to 1 (included); PyTorch turns the 1 into a 0.
      unsafe values[index] = value == 1 ? 0 : value
    }
    draws &+= 1
  }

  /// Writes the normal numbers of one draw.
  mutating func fillNormal(_ values: UnsafeMutableBufferPointer<Float>) throws(TensorError) {
    if values.isEmpty { return }
    let environment = TensorEnvironment.current
    for index in values.indices {
      if index > 0 && index % Parallel.elementsPerRange == 0 { try environment.check() }
      let words = block(ofThread: UInt64(index))
      let radius = (-2 * log(Self.unit(words.x))).squareRoot()
      let turn: Float = 0x1p-32 * 6.283_185_5
      unsafe values[index] = radius * sin((turn / 2).addingProduct(Float(words.y), turn))
    }
    draws &+= 1
  }

  /// A word as a number above 0 and at most 1.
  private static func unit(_ word: UInt32) -> Float { Float(0x1p-33).addingProduct(Float(word), 0x1p-32) }

  private func block(ofThread thread: UInt64) -> SIMD4<UInt32> {
    let counter = SIMD4(
      UInt32(truncatingIfNeeded: draws), UInt32(truncatingIfNeeded: draws >> 32),
      UInt32(truncatingIfNeeded: thread), UInt32(truncatingIfNeeded: thread >> 32))
    return Self.block(counter: counter, key: key)
  }

  /// Ten rounds over a counter.
  private static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var words = counter
    var key = key
    for _ in 0..<10 {
      let first = words.x.multipliedFullWidth(by: 0xD251_1F53)
      let second = words.z.multipliedFullWidth(by: 0xCD9E_8D57)
      words = SIMD4(second.high ^ words.y ^ key.x, second.low, first.high ^ words.w ^ key.y, first.low)
      key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return words
  }
}
