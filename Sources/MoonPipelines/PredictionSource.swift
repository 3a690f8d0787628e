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

  /// Predicts the noise for both halves, at once or one after the other.
  ///
  /// - Parameter run: The run.
  /// - Returns: `[batch, channels, height, width]` each.
  /// - Throws: An error of a network; `TensorError.interrupted`.
  func bothHalves(_ run: DenoisingRun) throws -> (unconditional: Tensor, conditional: Tensor)

  /// The fresh noise that the scheduler's step is given, where it was recorded; `nil` draws it from the run's seeds.
  func freshNoise(_ run: DenoisingRun) -> Tensor?
}

extension PredictionSource {
  func bothHalves(_ run: DenoisingRun) throws -> (unconditional: Tensor, conditional: Tensor) {
    try bothHalvesAtOnce(run)
  }

  /// Both halves as the rows of one batch.
  func bothHalvesAtOnce(_ run: DenoisingRun) throws -> (unconditional: Tensor, conditional: Tensor) {
    let both = try self(run, halves: [.unconditional, .conditional])
    let rows = run.batchSize
    return (try both.narrow(0, start: 0, length: rows), try both.narrow(0, start: rows, length: rows))
  }

  /// Draws from the run's seeds.
  func freshNoise(_ run: DenoisingRun) -> Tensor? { nil }
}
