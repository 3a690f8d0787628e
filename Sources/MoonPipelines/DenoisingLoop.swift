internal import MoonSchedulers
internal import MoonTensor

/// The one denoising loop of every pipeline.
struct DenoisingLoop {
  /// Predicts the noise from a run's state.
  let predict: any PredictionSource
  let callbacks: [any StepCallback]
  /// Asked between steps and inside them; true ends the loop and keeps the latents of the last whole step.
  let shouldStop: @Sendable () -> Bool
  /// Called after each step.
  let progress: (StepProgress) -> Void
  /// Takes what a replay needs.
  var recorder: TraceRecorder?

  /// Runs all steps of `run.scheduler`, and writes into `report` what each did.
  func callAsFunction(_ run: DenoisingRun, noise: inout NoiseSource, report: inout GenerationReport) throws {
    do {
      for callback in callbacks { try callback.runBegins(run) }
      var step = 0
      while step < run.timestepCount {
        if run.state.isInterrupted || shouldStop() {
          report.isInterrupted = true
          break
        }
        run.step = step
        try runStep(run, noise: &noise, report: &report)
        step = try run.nextStep()
        run.level = step
      }
    } catch let error where shouldStop() && error.isInterruption {
      report.isInterrupted = run.level != run.timestepCount
    }
    run.isOver = true
    try end(run)
  }

  /// Tells the callbacks that the run is over. One that was stopped by the caller is no reason to stop them, too: each
  /// has what it needs to end in order.
  private func end(_ run: DenoisingRun) throws {
    var environment = TensorEnvironment.current
    if shouldStop() { environment.shouldStop = nil }
    try TensorEnvironment.$current.withValue(environment) {
      for callback in callbacks {
        do { try callback.runEnds(run) } catch let error where shouldStop() && error.isInterruption {}
      }
    }
  }

  /// Runs a step with its callbacks.
  private func runStep(_ run: DenoisingRun, noise: inout NoiseSource, report: inout GenerationReport) throws {
    let start = ContinuousClock.now
    for callback in callbacks { try callback.stepBegins(run) }
    try checkState(of: run)
    let guides = run.state.guides
    // What callbacks write while the predictions are combined counts from the next step on.
    run.guidanceInEffect = guides ? run.state.guidanceScale : 1
    run.level = nil
    let prediction = try guides ? guidedPrediction(run) : plainPrediction(run)
    try advance(run, along: prediction, noise: &noise)
    // From here on the step is whole, whatever stops its callbacks.
    run.level = run.step + 1
    run.stepsTaken += 1
    report.effectiveGuidance.append(run.guidanceInEffect)
    do {
      defer { report.stepSeconds.append((ContinuousClock.now - start).seconds) }
      for callback in callbacks { try callback.stepEnds(run) }
    }
    progress(StepProgress(step: run.step, count: run.timestepCount, seconds: report.stepSeconds.last ?? 0))
  }

  /// Checks what callbacks may have written to the state itself, past the checks of `DenoisingRun.setTensor`.
  private func checkState(of run: DenoisingRun) throws {
    let state = run.state
    for (name, number) in [("guidance_scale", state.guidanceScale), ("guidance_rescale", state.guidanceRescale)]
    where !Float(number).isFinite {
      throw PipelineError.notFiniteNumber(name: name)
    }
    if state.latents.shape != run.latentsShape {
      throw PipelineError.badShape(name: "latents", found: state.latents.shape, wanted: [run.latentsShape])
    }
  }

  /// The network on the wanted half alone.
  private func plainPrediction(_ run: DenoisingRun) throws -> Tensor {
    let prediction = try predict(run, halves: [.conditional])
    recorder?.predicted(conditional: prediction, unconditional: nil)
    return prediction
  }

  /// The network on both halves; their predictions are combined, callbacks last.
  private func guidedPrediction(_ run: DenoisingRun) throws -> Tensor {
    let (unconditional, conditional) = try predict.bothHalves(run)
    recorder?.predicted(conditional: conditional, unconditional: unconditional)
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

  /// The scheduler's step, which is first told of latents that callbacks have changed since its last one.
  private func advance(_ run: DenoisingRun, along prediction: Tensor, noise: inout NoiseSource) throws {
    let index = run.scheduledIndex(run.step)
    if let scheduled = run.scheduled, !run.state.latents.isIdentical(to: scheduled) {
      try run.scheduler.latentsEdited(from: scheduled, to: run.state.latents, after: index - 1)
    }
    var drawn = noise
    var fresh: Tensor?
    let before = run.state.latents
    // Asked for here: while the scheduler works, nobody may look at it.
    let recorded = predict.freshNoise(run)
    let result = try run.scheduler.step(
      before, prediction: prediction, at: index, options: StepOptions(eta: Float(run.request.eta)),
      noise: { shape throws(TensorError) in
        let noise = if let recorded, recorded.shape == shape { recorded } else { try drawn.normal(shape: shape) }
        fresh = noise
        return noise
      })
    if try result.latents.firstNonFinite() != nil { throw PipelineError.diverged(step: run.step) }
    noise = drawn
    run.state.latents = try run.withImageKept(result.latents)
    // Putting the picture back is a part of the step, no edit that the scheduler is told of: as in the reference.
    run.scheduled = run.state.latents
    run.predictedOriginal = result.predictedOriginal
    recorder?.stepped(run, from: before, fresh: fresh)
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
