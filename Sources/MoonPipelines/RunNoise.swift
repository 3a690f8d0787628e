internal import MoonTensor

/// The random stream of a run: one for all rows, or one a row, as a generator or a list of them in the reference.
struct RunNoise {
  private var generators: [Generator]

  /// One stream a seed.
  init(seeds: [UInt64]) {
    generators = seeds.map { Generator(seed: $0, device: .cpu) }
  }

  /// Normal noise of `shape`, batch first.
  mutating func normal(shape: [Int]) throws(TensorError) -> Tensor {
    if generators.count == 1 { return try generators[0].normal(shape: shape) }
    var rows: [Tensor] = []
    for index in generators.indices {
      rows.append(try generators[index].normal(shape: [1] + shape.dropFirst()))
    }
    return try Tensor.cat(rows, dim: 0)
  }
}
