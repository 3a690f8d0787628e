internal import MoonTensor

/// Where the predictions of a run come from: the networks of a model, or what stands in for them.
protocol PredictionSource: AnyObject {
  /// Predicts the noise for the step that runs.
  ///
  /// - Parameters:
  ///   - run: The run.
  ///   - halves: Which halves, in the order of the rows.
  /// - Returns: `[halves * batch, channels, height, width]`.
  /// - Throws: An error of a network; `TensorError.interrupted`.
  func callAsFunction(_ run: DenoisingRun, halves: [GuidanceHalf]) throws -> Tensor

  /// The fresh noise that the scheduler's step is given, where it was recorded; `nil` draws it from the run's seeds.
  func freshNoise(_ run: DenoisingRun, shape: [Int]) -> Tensor?
}

extension PredictionSource {
  /// Draws from the run's seeds.
  func freshNoise(_ run: DenoisingRun, shape: [Int]) -> Tensor? { nil }
}
