package import MoonTensor

/// What the network's output says about the latents it was given, whichever way a scheduler scales them.
package struct PredictionMeaning: Sendable {
  private let type: PredictionType

  /// What a configuration says.
  package init(_ configuration: SchedulerConfiguration) { type = PredictionType(configuration) }

  /// The name in `scheduler_config.json`: `epsilon`, `v_prediction`, `sample` or `flow_prediction`.
  package var name: String { type.rawValue }

  /// The clean latents that an output points to.
  ///
  /// - Parameters:
  ///   - output: The network's output.
  ///   - latents: `signal * clean + spread * noise`, same shape.
  ///   - signal: Share of the clean latents, above 0 unless the output is a velocity or the clean latents.
  ///   - spread: Share of the noise, above 0.
  /// - Returns: The clean latents, not clipped.
  /// - Throws: `TensorError`.
  package func clean(
    _ output: Tensor, latents: Tensor, signal: Float, spread: Float
  ) throws(TensorError) -> Tensor {
    try Self.sum(weights(signal: signal, spread: spread), latents, output)
  }

  /// The output that points to clean latents: the inverse of `clean`.
  package func output(
    _ clean: Tensor, latents: Tensor, signal: Float, spread: Float
  ) throws(TensorError) -> Tensor {
    let weights = weights(signal: signal, spread: spread)
    let inverse = PredictionType.Weights(latents: -weights.latents / weights.output, output: 1 / weights.output)
    return try Self.sum(inverse, latents, clean)
  }

  private func weights(signal: Float, spread: Float) -> PredictionType.Weights {
    guard type == .velocity else { return type.clean(alpha: signal, sigma: spread) }
    // A velocity is one of latents whose shares have the square sum 1.
    let size = (signal * signal + spread * spread).squareRoot()
    return PredictionType.Weights(latents: signal / (size * size), output: -spread / size)
  }

  private static func sum(
    _ weights: PredictionType.Weights, _ latents: Tensor, _ other: Tensor
  ) throws(TensorError) -> Tensor {
    try Tensor.linearCombination([(weights.latents, latents), (weights.output, other)])
  }
}
