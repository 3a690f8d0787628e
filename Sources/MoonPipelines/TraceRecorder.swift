internal import MoonSchedulers
internal import MoonTensor

/// Takes what a replay needs while a run goes. Tensors are shared, not copied.
final class TraceRecorder {
  private var trace: RunTrace
  private var conditional: Tensor?
  private var unconditional: Tensor?

  /// A recorder of a run that has not begun.
  ///
  /// - Parameters:
  ///   - run: The run, before its first callback.
  ///   - scheduler: What its scheduler was made of.
  ///   - factor: Pixels along one side of a latent.
  /// - Throws: An error of the text encoder, where the unwanted half is encoded only now.
  init(_ run: DenoisingRun, scheduler: SchedulerConfiguration, factor: Int) throws {
    trace = RunTrace(
      pipeline: run.pipelineName, factor: factor, request: run.request, scheduler: scheduler, window: run.window,
      state: run.state, unconditional: try run.state.unconditional ?? run.model.unconditional(),
      noise: run.initialNoise, imageLatents: run.imageLatents, startsFromImage: run.startsFromImage,
      startsFromNoise: run.startsFromNoise, guessesControl: run.guessesControl)
    // Pictures are in the state as the networks take them.
    trace.request.images = []
    trace.request.masks = []
    trace.request.controls = []
    trace.request.imagePrompts = []
    trace.request.latents = nil
    trace.request.recordsTrace = false
  }

  /// Takes the networks' predictions of the step that runs.
  func predicted(conditional: Tensor, unconditional: Tensor?) {
    self.conditional = conditional
    self.unconditional = unconditional
  }

  /// Takes a step that the scheduler has made.
  func stepped(_ run: DenoisingRun, from latents: Tensor, fresh: Tensor?) {
    guard let conditional, trace.steps.count < RunTrace.maximumStepCount else { return }
    let (step, sigmas) = (run.step, run.sigmas)
    trace.steps.append(
      RunTrace.Step(
        step: step, timestep: run.timestep, sigma: sigmas[step], nextSigma: sigmas[step + 1],
        guidance: run.guidanceInEffect, latents: latents,
        nextLatents: run.state.latents, conditional: conditional, unconditional: unconditional,
        original: run.predictedOriginal, fresh: fresh))
  }

  /// The record of the run, which is over.
  func finished() -> RunTrace { trace }
}
