public import Foundation
internal import MoonImage
internal import MoonNets
package import MoonSchedulers
package import MoonTensor
internal import MoonWeights

/// Stable Diffusion 1.x and 2.x: from prompts to pictures.
///
/// ```swift
/// let pipeline = try StableDiffusionPipeline(contentsOf: folder)
/// let result = try pipeline.run(GenerationRequest(prompt: "red apple on a blue background", seed: 7))
/// ```
/// A pipeline holds the model alone; nothing of a run stays in it.
public struct StableDiffusionPipeline: Sendable {
  private let parts: ModelParts
  private var schedulerFields: [String: ConfigValue]
  private var schedulerSource: String
  /// What the user should know of the model.
  private let warnings: [String]

  /// Loads a diffusers folder; the weights are mapped, not read.
  ///
  /// - Parameters:
  ///   - folder: Holds `model_index.json`.
  ///   - variant: Which weights to prefer where there are several, for example `fp16`.
  /// - Throws: One sentence that names the file and the key.
  public init(contentsOf folder: URL, variant: String? = nil) throws {
    let model = try ModelFolder(folder, variant: variant)
    warnings = try model.checkVariant()
    parts = try ModelParts(model)
    (schedulerFields, schedulerSource) = try model.schedulerFields()
  }

  /// The same model with another `scheduler_config.json`.
  ///
  /// - Parameters:
  ///   - fields: The members of the file.
  ///   - source: What error messages call the file.
  /// - Returns: A pipeline that shares the weights.
  package func withScheduler(_ fields: [String: ConfigValue], source: String) -> StableDiffusionPipeline {
    var copy = self
    (copy.schedulerFields, copy.schedulerSource) = (fields, source)
    return copy
  }

  /// Pixels along one side of a latent.
  public var factor: Int { parts.autoencoder.configuration.factor }

  /// Makes pictures.
  ///
  /// - Parameters:
  ///   - request: What to make.
  ///   - callbacks: Called around the steps, in this order.
  ///   - threads: Threads to use; all processors by default.
  ///   - shouldStop: Asked often, from several threads; true ends the loop and keeps the picture so far.
  ///   - progress: Called after each step.
  /// - Returns: The pictures, the latents and a report.
  /// - Throws: `PipelineError`, or what a callback throws.
  public func run(
    _ request: GenerationRequest, callbacks: [any StepCallback] = [], threads: Int? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }, progress: (StepProgress) -> Void = { _ in }
  ) throws -> GenerationResult {
    try run(
      request, callbacks: callbacks, threads: threads, shouldStop: shouldStop, progress: progress,
      observe: { _, _ in })
  }

  /// Makes pictures as the public method of this name does, and calls `observe` before each call of the network with
  /// its latents, `[rows, channels, height, width]`, and the text embeddings of these rows.
  package func run(
    _ request: GenerationRequest, callbacks: [any StepCallback], threads: Int? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }, progress: (StepProgress) -> Void = { _ in },
    observe: (Tensor, Tensor) -> Void
  ) throws -> GenerationResult {
    let environment = TensorEnvironment(threads: threads, shouldStop: shouldStop)
    // What prepares and finishes a run is short, and a stopped run shall still end in a picture.
    let quiet = TensorEnvironment(threads: threads)
    var (run, noise) = try TensorEnvironment.$current.withValue(quiet) { try prepare(request, shouldStop) }
    // The parts take turns in memory: one that rests gives back the pages of its weights.
    parts.encoder.textEncoder.pages.release()
    defer { parts.autoencoder.pages.release() }
    var report = GenerationReport(
      seeds: request.seeds, width: run.width, height: run.height, pipeline: run.pipelineName,
      scheduler: run.schedulerName, inferenceSteps: request.inferenceSteps, timesteps: run.timesteps,
      guidanceScale: request.guidanceScale)
    try withoutActuallyEscaping(progress) { progress in
      try withoutActuallyEscaping(observe) { observe in
        let loop = DenoisingLoop(
          predict: { latents, timestep, context in
            observe(latents, context)
            return try parts.unet(latents.channelsLast(), timestep: timestep, context: context).channelsFirst()
          },
          callbacks: callbacks, shouldStop: shouldStop, progress: progress)
        try TensorEnvironment.$current.withValue(environment) { try loop(run, noise: &noise, report: &report) }
      }
    }
    parts.unet.pages.release()
    MemoryPool.shared.trim()
    report.warnings = warnings + run.warnings
    report.timesteps = run.timesteps
    return try TensorEnvironment.$current.withValue(quiet) { try finish(run.state.latents, report) }
  }

  /// Encodes the prompts, sets the schedule and draws the first latents.
  private func prepare(
    _ request: GenerationRequest, _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> (DenoisingRun, NoiseSource) {
    let size = try request.checked(
      factor: factor, unet: parts.unet.configuration, textEncoder: parts.encoder.textEncoder.configuration)
    let (scheduler, corrections) = try makeScheduler(request)
    let encoder = RequestEncoder(encoder: parts.encoder, request: request)
    var noise = NoiseSource(seeds: request.seeds)
    let shape = [
      request.batchSize, parts.autoencoder.configuration.latentChannels, size.height / factor, size.width / factor,
    ]
    let initialNoise = try request.initialLatents(shape: shape) ?? noise.normal(shape: shape)
    let run = DenoisingRun(
      state: RunState(
        guidanceScale: request.guidanceScale, guidanceRescale: request.guidanceRescale,
        latents: try initialNoise * scheduler.initialNoiseScale,
        conditional: try encoder.conditional(request.prompts),
        unconditional: request.guidanceScale > 1 ? try encoder.unconditional(request.negativePromptOfEach) : nil),
      initialNoise: initialNoise, encoder: encoder, autoencoder: parts.autoencoder, width: size.width,
      height: size.height, pipelineName: "sd", scheduler: scheduler, shouldStop: shouldStop)
    run.warnings = corrections
    try run.warnOfCuts(request.prompts, from: "--prompt")
    try run.warnOfCuts(request.negativePrompts, from: "--negative-prompt")
    return (run, noise)
  }

  /// The scheduler of a request, its steps planned, and a warning for each value of an old file that was repaired.
  private func makeScheduler(_ request: GenerationRequest) throws -> (any Scheduler, [String]) {
    let kind = try request.scheduler.map { try SchedulerKind($0) }
    var configuration = try SchedulerConfiguration(schedulerFields, kind: kind, source: schedulerSource)
    let warnings = configuration.correctForStableDiffusion().filter { schedulerFields[$0] != nil }.map { key in
      "\(schedulerSource): \(key) is taken as \(configuration[key]?.description ?? "null"), as Stable Diffusion needs it"
    }
    for (key, value) in request.schedulerOptions {
      try configuration.set(key, text: value, source: "--scheduler-option")
    }
    var scheduler = try configuration.makeScheduler()
    try scheduler.setSteps(request.inferenceSteps)
    return (scheduler, warnings)
  }

  /// Decodes the latents, row by row so that a batch needs no more memory than one picture.
  private func finish(_ latents: Tensor, _ report: GenerationReport) throws -> GenerationResult {
    let start = ContinuousClock.now
    let rows = try parts.autoencoder.decodedRows(latents)
    var report = report
    report.decodeSeconds = (ContinuousClock.now - start).seconds
    let images = try rows.map { try RGBImage(decoded: $0.select(0, at: 0)) }
    let decoded = try rows.count == 1 ? rows[0] : Tensor.concatenated(rows, along: 0)
    return GenerationResult(images: images, latents: latents, decoded: decoded, report: report)
  }
}
