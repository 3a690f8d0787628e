internal import MoonSchedulers
internal import MoonTensor

/// Prepares the replay of a trace.
struct ReplayPreparation {
  let trace: RunTrace
  let request: GenerationRequest

  /// Whether the steps are planned as they were recorded.
  private var keepsSchedule: Bool {
    request.scheduler == nil && request.schedulerOptions.isEmpty && request.stepPlan == trace.request.stepPlan
      && request.strength == trace.request.strength
  }

  /// Prepares the run.
  func callAsFunction(_ shouldStop: @escaping @Sendable () -> Bool) throws -> PreparedRehearsal {
    if request.batchSize != trace.state.latents.shape[0] {
      throw PipelineError.badRequest(
        option: "--num-images",
        detail: "\(request.batchSize) images are asked for, the trace has \(trace.state.latents.shape[0])")
    }
    var configuration = try configuration()
    let scheduler = try request.scheduler(of: &configuration)
    let window = keepsSchedule ? trace.window : window(in: scheduler)
    let shape = trace.state.latents.shape
    var start = RunStart(
      size: PictureSize(height: shape[2] * trace.factor, width: shape[3] * trace.factor),
      latents: try latents(scheduler, window), noise: trace.noise, imageLatents: trace.imageLatents)
    start.mask = trace.state.mask?.conditional
    start.maskedImageLatents = trace.state.maskedImageLatents?.conditional
    start.hasImage = trace.startsFromImage
    start.isPureNoise = trace.startsFromNoise
    start.guessesControl = trace.guessesControl
    var state = trace.state
    state.latents = start.latents
    state.guidanceScale = request.guidanceScale
    state.guidanceRescale = request.guidanceRescale
    state.unconditional = state.guides ? trace.unconditional : nil
    let model = StandInModel(
      batchSize: shape[0], unwanted: trace.unconditional, factor: trace.factor, channels: shape[1])
    let run = DenoisingRun(
      state: state, start: start, request: request, model: model, pipelineName: trace.pipeline, scheduler: scheduler,
      meaning: PredictionMeaning(configuration), window: window, shouldStop: shouldStop)
    return PreparedRehearsal(
      run: run, noise: NoiseSource(seeds: request.seeds, device: request.randomDevice),
      predictor: RecordedPredictor(trace), configuration: configuration, factor: trace.factor)
  }

  /// The recorded scheduler, or the one that the request names with the recorded fields that it has.
  private func configuration() throws -> SchedulerConfiguration {
    guard let name = request.scheduler else { return trace.scheduler }
    var fields: [String: ConfigValue] = ["_class_name": .string(trace.scheduler.kind.className)]
    for field in trace.scheduler.fieldNames { fields[field] = trace.scheduler[field] }
    return try SchedulerConfiguration(fields, kind: SchedulerKind(name), source: "the trace")
  }

  /// The same share of another schedule.
  private func window(in scheduler: any Scheduler) -> Range<Int> {
    let count = scheduler.timesteps.count
    let recorded = trace.request.stepPlan
    guard var before = try? trace.scheduler.makeScheduler(), (try? before.plan(recorded)) != nil else {
      return 0..<count
    }
    let total = before.timesteps.count
    if trace.window == 0..<total { return 0..<count }
    let first = min(trace.window.lowerBound * count / max(total, 1), count - 1)
    return first..<max(trace.window.upperBound * count / max(total, 1), first + 1)
  }

  /// The first latents: as recorded, or at the noise level at which another schedule starts.
  private func latents(_ scheduler: any Scheduler, _ window: Range<Int>) throws -> Tensor {
    if keepsSchedule { return trace.state.latents }
    if trace.startsFromNoise { return try trace.noise * scheduler.initialNoiseScale }
    guard let picture = trace.imageLatents else { return trace.state.latents }
    return try scheduler.addedNoise(to: picture, noise: trace.noise, at: window.lowerBound)
  }
}
