internal import MoonSchedulers
internal import MoonTensor

/// The one denoising loop of every pipeline.
struct DenoisingLoop {
  /// Predicts the noise: latents `[rows, channels, height, width]`, training time, text embeddings of as many rows.
  let predict: (Tensor, Double, Tensor) throws -> Tensor
  let callbacks: [any StepCallback]
  /// Asked between steps and inside them; true ends the loop and keeps the latents of the last whole step.
  let shouldStop: @Sendable () -> Bool
  /// Called after each step with the report so far.
  let progress: (StepProgress) -> Void

  /// Runs all steps of `run.scheduler`, and writes into `report` what each did.
  func callAsFunction(_ run: DenoisingRun, noise: inout NoiseSource, report: inout GenerationReport) throws {
    do {
      for callback in callbacks { try callback.runBegins(run) }
      for step in run.scheduler.timesteps.indices {
        if run.state.isInterrupted || shouldStop() {
          report.isInterrupted = true
          break
        }
        run.step = step
        try runStep(run, noise: &noise, report: &report)
      }
      for callback in callbacks { try callback.runEnds(run) }
    } catch let error where shouldStop() && error.isInterruption {
      report.isInterrupted = true
    }
  }

  private func runStep(_ run: DenoisingRun, noise: inout NoiseSource, report: inout GenerationReport) throws {
    let start = ContinuousClock.now
    for callback in callbacks { try callback.stepBegins(run) }
    try advance(run, noise: &noise, report: &report)
    let before = run.state.latents
    for callback in callbacks { try callback.stepEnds(run) }
    if !run.state.latents.isIdentical(to: before) {
      try run.scheduler.latentsEdited(from: before, to: run.state.latents, after: run.step)
    }
    let seconds = (ContinuousClock.now - start).seconds
    report.stepSeconds.append(seconds)
    progress(StepProgress(step: run.step, count: run.timestepCount, seconds: seconds))
  }

  /// One step: the network, the guidance, the scheduler.
  private func advance(_ run: DenoisingRun, noise: inout NoiseSource, report: inout GenerationReport) throws {
    let step = run.step
    let guides = run.state.guides
    let input = try run.scheduler.scaledModelInput(run.state.latents, at: step)
    var prediction: Tensor
    if guides {
      let unconditional = try run.unconditional()
      let rows = try Tensor.concatenated([input, input], along: 0)
      let context = try Tensor.concatenated([unconditional.promptEmbeds, run.state.conditional.promptEmbeds], along: 0)
      prediction = try combine(run, predict(rows, run.timestep, context))
    } else {
      prediction = try predict(input, run.timestep, run.state.conditional.promptEmbeds)
    }
    var drawn = noise
    let result = try run.scheduler.step(
      run.state.latents, prediction: prediction, at: step, options: StepOptions(eta: Float(run.request.eta)),
      noise: { shape throws(TensorError) in try drawn.normal(shape: shape) })
    noise = drawn
    if try result.latents.firstNonFinite() != nil { throw PipelineError.diverged(step: step) }
    run.state.latents = result.latents
    run.predictedOriginal = result.predictedOriginal
    report.effectiveGuidance.append(guides ? run.state.guidanceScale : 1)
  }

  /// Splits the two halves of a prediction and combines them, callbacks last.
  private func combine(_ run: DenoisingRun, _ both: Tensor) throws -> Tensor {
    let rows = run.batchSize
    let unconditional = try both.narrow(0, start: 0, length: rows)
    let conditional = try both.narrow(0, start: rows, length: rows)
    var combined = try Guidance.combine(
      conditional: conditional, unconditional: unconditional, scale: run.state.guidanceScale)
    if run.state.guidanceRescale > 0 {
      combined = try Guidance.rescale(combined, to: conditional, share: run.state.guidanceRescale)
    }
    var predictions = GuidancePredictions(
      conditional: conditional, unconditional: unconditional, combined: combined, latents: run.state.latents)
    for callback in callbacks {
      if let other = try callback.combinesGuidance(run, predictions) { predictions.combined = other }
    }
    return predictions.combined
  }
}

/// One step that has ended.
public struct StepProgress: Sendable {
  /// The step, from 0.
  public let step: Int
  /// Steps of the schedule.
  public let count: Int
  /// Seconds that the step took, callbacks included.
  public let seconds: Double
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

extension Error {
  /// Whether this is what an operation throws that was asked to stop.
  fileprivate var isInterruption: Bool {
    (self as? TensorError) == .interrupted || (self as? SchedulerError) == .tensor(.interrupted)
  }
}
