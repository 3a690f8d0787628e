internal import Foundation
package import MoonTensor
package import MoonWeights

/// The embedding of the training time: sines and cosines, then two linear layers.
package struct TimeEmbedding: Sendable {
  private let width: Int
  private let flipsSineToCosine: Bool
  private let frequencyShift: Double
  private let first: LinearLayer
  private let second: LinearLayer

  /// Takes `linear_1` and `linear_2`.
  ///
  /// - Parameters:
  ///   - weights: The embedding's own keys.
  ///   - width: Sines and cosines together.
  ///   - output: Width of the embedding.
  ///   - flipsSineToCosine: Whether the cosines come first (`flip_sin_to_cos`).
  ///   - frequencyShift: `freq_shift` of the configuration.
  /// - Throws: `WeightsError`, naming the key.
  package init(
    _ weights: WeightMap, width: Int, output: Int, flipsSineToCosine: Bool, frequencyShift: Double
  ) throws {
    self.width = width
    self.flipsSineToCosine = flipsSineToCosine
    self.frequencyShift = frequencyShift
    first = try weights.linear("linear_1", width, output)
    second = try weights.linear("linear_2", output, output)
  }

  /// SiLU of the embedding of `timestep`, one row `[1, output]`: the form in which every residual block takes it.
  package func activated(timestep: Double) throws(TensorError) -> Tensor {
    try activated(
      waves: Self.sinusoids(
        of: [timestep], width: width, flipsSineToCosine: flipsSineToCosine, frequencyShift: frequencyShift))
  }

  /// SiLU of the embedding of sines and cosines, `[rows, width]`.
  package func activated(waves: Tensor) throws(TensorError) -> Tensor {
    try second(first(waves, activation: .silu), activation: .silu)
  }

  /// Sines and cosines of each value at frequencies that fall geometrically from 1 towards 1/10000.
  ///
  /// - Parameters:
  ///   - values: One row each.
  ///   - width: Columns; an odd width ends in a column of zeros.
  ///   - flipsSineToCosine: Whether the cosines come first.
  ///   - frequencyShift: Subtracted from the number of frequencies in the exponent's divisor.
  /// - Returns: `[values.count, width]`.
  /// - Throws: `TensorError`.
  /// - Source: arXiv 1706.03762, section 3.5, in float32 steps as the reference computes it; `Fixtures/layers`.
  package static func sinusoids(
    of values: [Double], width: Int, flipsSineToCosine: Bool, frequencyShift: Double
  ) throws(TensorError) -> Tensor {
    let half = width / 2
    let divisor = Float(Double(half) - frequencyShift)
    var columns = [Float](repeating: 0, count: values.count * width)
    for (row, value) in values.enumerated() {
      for index in 0..<half {
        let frequency = exp(Float(-log(10000.0)) * Float(index) / divisor)
        let angle = Float(value) * frequency
        columns[row * width + index] = flipsSineToCosine ? cos(angle) : sin(angle)
        columns[row * width + half + index] = flipsSineToCosine ? sin(angle) : cos(angle)
      }
    }
    return try Tensor(columns, shape: [values.count, width])
  }
}
