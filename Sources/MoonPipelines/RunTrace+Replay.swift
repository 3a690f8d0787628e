public import MoonTensor

extension RunTrace {
  /// What a replay came to.
  public struct Replay: Sendable {
    /// The latents at the end, `[batch, channels, height, width]`.
    public let latents: Tensor
    /// How the run went.
    public let report: GenerationReport
  }

  /// Takes the recorded steps again, without the model.
  ///
  /// Loop, scheduler and callbacks are the real ones. With the callbacks of the recorded run, or none where it had none, the
  /// latents are the recorded ones bit for bit. What callbacks change beside that does not reach the predictions, which
  /// stay as recorded; prompts that they encode become random embeddings, and latents that they decode coarse pictures.
  ///
  /// - Parameters:
  ///   - callbacks: Called around the steps, in this order.
  ///   - shouldStop: Asked often; true ends the loop.
  /// - Returns: The latents and a report.
  /// - Throws: `PipelineError`, or what a callback throws.
  public func replay(
    callbacks: [any StepCallback] = [], shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> Replay {
    let outcome = try Rehearsal(self).run(callbacks: callbacks, shouldStop: shouldStop)
    return Replay(latents: outcome.latents, report: outcome.report)
  }
}
