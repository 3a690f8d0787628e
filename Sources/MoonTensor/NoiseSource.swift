/// Where a run takes its noise from: one stream for the whole batch, or one a row.
///
/// - Source: diffusers 0.42.1, `randn_tensor` with one generator or a list of them;
///   `Fixtures/generator/generator.safetensors`.
public struct NoiseSource: Sendable {
  /// One for the batch, or one a row.
  public private(set) var generators: [Generator]

  /// Streams for a batch.
  ///
  /// - Parameters:
  ///   - seeds: One seed for all rows, or one a row, at least one.
  ///   - device: Whose streams.
  public init(seeds: [UInt64], device: Generator.Device = .cpu) {
    precondition(!seeds.isEmpty, "a noise source needs a seed")
    generators = seeds.map { Generator(seed: $0, device: device) }
  }

  /// Standard normal numbers: all rows from the one stream, or each row from its own.
  ///
  /// - Parameter shape: Sizes, the batch first.
  /// - Returns: A float32 tensor.
  /// - Throws: `TensorError.shapeMismatch` when there are several streams and the batch is not their number;
  ///   `.badShape`, `.outOfBudget`.
  public mutating func normal(shape: [Int]) throws(TensorError) -> Tensor {
    if generators.count == 1 { return try generators[0].normal(shape: shape) }
    if shape.first != generators.count {
      throw .shapeMismatch(
        operation: "noise of \(generators.count) seeds", found: shape, wanted: [generators.count] + shape.dropFirst())
    }
    let result = try Tensor(uninitialized: shape)
    let values = unsafe result.mutableFloats
    let rowCount = values.count / generators.count
    for row in generators.indices {
      let range = row * rowCount..<(row + 1) * rowCount
      try unsafe generators[row].fillNormal(UnsafeMutableBufferPointer(rebasing: values[range]))
    }
    return result
  }
}
