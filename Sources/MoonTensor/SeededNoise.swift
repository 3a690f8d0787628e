internal import CMoonKernels
internal import Foundation

/// The reference's random stream: a seed gives the numbers that `torch.Generator(device).manual_seed(seed)` gives.
///
/// A value type: a copy goes on from the same place. Two ways lead to normal numbers, as in PyTorch: below 16 values
/// each is computed in float64 and the second of a pair is kept for the next such draw; from 16 on, blocks of 16 are
/// computed in float32 with the roundings of PyTorch's AVX2 code, on every machine.
///
/// The numbers of a CUDA device are those of float32 tensors there, up to the last digits, as the sine of a GPU is rounded
/// otherwise; a pipeline in half precision rounds them to half. PyTorch draws tensors of more elements than the device runs
/// threads at once, tens of thousands to hundreds of thousands, in an order of its own for each device: those are drawn
/// here as on a device that is large enough.
///
/// - Source: torch 2.15.0; `Fixtures/generator/generator.safetensors`; for CUDA, values that PyTorch prints on GPUs.
public struct Generator: Sendable {
  /// Whose random stream is followed.
  public enum Device: String, Sendable, CaseIterable {
    /// PyTorch's CPU generator, a Mersenne Twister.
    case cpu
    /// PyTorch's generator on NVIDIA GPUs, Philox4x32-10.
    case cuda
  }

  /// Whose stream this is.
  public let device: Device
  /// What the stream was started with.
  public let seed: UInt64
  private var state: [UInt32]
  private var position = Self.stateSize
  private var spareNormal: Double?
  /// The stream of a CUDA device; `nil` for the CPU's.
  private var philox: PhiloxStream?

  private static let stateSize = Int(moon_twister_size)
  private static let blockSize = 16

  /// Starts the stream of `seed`.
  ///
  /// - Parameters:
  ///   - seed: As `torch.manual_seed` takes it; a negative seed is given as `UInt64(bitPattern:)`. The CPU stream
  ///     depends on the lower 32 bits alone, that of CUDA on all.
  ///   - device: Whose stream.
  public init(seed: UInt64, device: Device = .cpu) {
    self.seed = seed
    self.device = device
    if device == .cuda {
      state = []
      philox = PhiloxStream(seed: seed)
      return
    }
    state = [UInt32](repeating: 0, count: Self.stateSize)
    unsafe state.withUnsafeMutableBufferPointer { words in
      unsafe moon_twister_seed(words.baseAddress, UInt32(truncatingIfNeeded: seed))
    }
  }

  /// The next 32 bits of the stream; of a CUDA device, those of a draw of one element.
  public mutating func nextUInt32() -> UInt32 {
    if let word = philox?.nextWord() { return word }
    var word: UInt32 = 0
    unsafe withState { state, position in unsafe moon_twister_words(state, position, &word, 1) }
    return word
  }

  /// The next 64 bits of the stream; the first word drawn is the upper half.
  public mutating func nextUInt64() -> UInt64 {
    let upper = UInt64(nextUInt32())
    return upper << 32 | UInt64(nextUInt32())
  }

  /// Standard normal numbers, as `torch.randn(shape, generator=...)`.
  ///
  /// - Parameter shape: Sizes, outermost first.
  /// - Returns: A float32 tensor; the values are drawn in row-major order.
  /// - Throws: `TensorError.badShape`, `.outOfBudget`; nothing is drawn then. `.interrupted`.
  public mutating func normal(shape: [Int]) throws(TensorError) -> Tensor {
    let result = try Tensor(uninitialized: shape)
    try unsafe fillNormal(result.mutableFloats)
    return result
  }

  /// Uniform numbers in `0..<1`, as `torch.rand(shape, generator=...)`.
  ///
  /// - Parameter shape: Sizes, outermost first.
  /// - Returns: A float32 tensor; the values are drawn in row-major order.
  /// - Throws: `TensorError.badShape`, `.outOfBudget`; nothing is drawn then. `.interrupted`.
  public mutating func uniform(shape: [Int]) throws(TensorError) -> Tensor {
    let result = try Tensor(uninitialized: shape)
    try unsafe fillUniform(result.mutableFloats)
    return result
  }

  /// Writes the next normal numbers of one draw.
  package mutating func fillNormal(_ values: UnsafeMutableBufferPointer<Float>) throws(TensorError) {
    if var stream = philox {
      try unsafe stream.fillNormal(values)
      philox = stream
      return
    }
    if values.count < Self.blockSize {
      for index in values.indices { unsafe values[index] = Float(nextNormal()) }
      return
    }
    try unsafe fillUniform(values)
    try unsafe Self.forEachPiece(of: values) { start, count in
      unsafe moon_normal_from_uniform(start, count / Self.blockSize)
    }
    if values.count % Self.blockSize != 0 {
      // The last 16 values are drawn anew, those that were ready included.
      let tail = unsafe UnsafeMutableBufferPointer(rebasing: values.suffix(Self.blockSize))
      try unsafe fillUniform(tail)
      unsafe moon_normal_from_uniform(tail.baseAddress, 1)
    }
  }

  private mutating func fillUniform(_ values: UnsafeMutableBufferPointer<Float>) throws(TensorError) {
    if var stream = philox {
      try unsafe stream.fillUniform(values)
      philox = stream
      return
    }
    try unsafe Self.forEachPiece(of: values) { start, count in
      unsafe withState { state, position in unsafe moon_twister_uniform(state, position, start, count) }
    }
  }

  /// Runs `body` on pieces that are whole blocks, but for the last, and asks between them whether to stop.
  private static func forEachPiece(
    of values: UnsafeMutableBufferPointer<Float>, _ body: (UnsafeMutablePointer<Float>, Int) -> Void
  ) throws(TensorError) {
    guard let start = values.baseAddress else { return }
    let environment = TensorEnvironment.current
    for place in stride(from: 0, to: values.count, by: Parallel.elementsPerRange) {
      if place > 0 { try environment.check() }
      unsafe body(start + place, min(Parallel.elementsPerRange, values.count - place))
    }
  }

  /// One normal number of a small draw: Box and Muller's pair, the second kept.
  private mutating func nextNormal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    let first = nextDouble()
    let second = nextDouble()
    let radius = (-2 * log1p(-second)).squareRoot()
    let angle = 2 * Double.pi * first
    spareNormal = radius * sin(angle)
    return radius * cos(angle)
  }

  /// A uniform number in `0..<1` of 53 bits.
  private mutating func nextDouble() -> Double {
    Double(nextUInt64() & (1 << 53 - 1)) * 0x1p-53
  }

  private mutating func withState(_ body: (UnsafeMutablePointer<UInt32>?, UnsafeMutablePointer<Int>) -> Void) {
    unsafe state.withUnsafeMutableBufferPointer { words in unsafe body(words.baseAddress, &position) }
  }
}
