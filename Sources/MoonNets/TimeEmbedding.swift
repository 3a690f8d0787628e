internal import Foundation
package import MoonTensor
package import MoonWeights

/// The embedding of the training time: sines and cosines, then two linear layers.
package struct TimeEmbedding: Sendable {
  private let width: Int
  private let flipsSineToCosine: Bool
  private let frequencyShift: Double
  private let conditionProjection: LinearLayer?
  private let first: LinearLayer
  private let second: LinearLayer

  /// Takes `linear_1` and `linear_2`, and `cond_proj` where there is a condition.
  ///
  /// - Parameters:
  ///   - weights: The embedding's own keys.
  ///   - width: Sines and cosines together.
  ///   - output: Width of the embedding.
  ///   - flipsSineToCosine: Whether the cosines come first (`flip_sin_to_cos`).
  ///   - frequencyShift: `freq_shift` of the configuration.
  ///   - conditionWidth: Width of the condition that is added to the sines and cosines; `nil` for none.
  /// - Throws: `WeightsError`, naming the key.
  package init(
    _ weights: WeightMap, width: Int, output: Int, flipsSineToCosine: Bool, frequencyShift: Double,
    conditionWidth: Int? = nil
  ) throws {
    self.width = width
    self.flipsSineToCosine = flipsSineToCosine
    self.frequencyShift = frequencyShift
    conditionProjection = try conditionWidth.map { try weights.linear("cond_proj", $0, width, hasBias: false) }
    first = try weights.linear("linear_1", width, output)
    second = try weights.linear("linear_2", output, output)
  }

  /// SiLU of the embedding of `timestep`, the form in which every residual block takes it.
  ///
  /// - Parameters:
  ///   - timestep: Training time.
  ///   - condition: `[rows, conditionWidth]`, for an embedding that has a condition; it may be left out there, too.
  ///   - added: Added before the SiLU, `[rows, output]`.
  /// - Returns: One row `[1, output]`, or as many as `condition` and `added` have.
  /// - Throws: `TensorError`.
  package func activated(
    timestep: Double, condition: Tensor? = nil, adding added: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    var waves = try Self.sinusoids(
      of: [timestep], width: width, flipsSineToCosine: flipsSineToCosine, frequencyShift: frequencyShift)
    if let conditionProjection, let condition { waves = try waves + conditionProjection(condition) }
    guard let added else { return try activated(waves: waves) }
    return try (embedded(waves: waves) + added).activated(.silu)
  }

  /// The embedding of sines and cosines, or of whatever else has their width, `[rows, width]`.
  package func embedded(waves: Tensor) throws(TensorError) -> Tensor { try second(first(waves, activation: .silu)) }

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
