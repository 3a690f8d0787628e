public import Foundation
internal import MoonImage
internal import MoonNets
internal import MoonSchedulers
internal import MoonTensor
internal import MoonText

/// Stable Diffusion 1.x and 2.x: from prompts to pictures.
///
/// ```swift
/// let pipeline = try StableDiffusionPipeline(contentsOf: folder)
/// let result = try pipeline.run(GenerationRequest(prompt: "red apple on a blue background", seed: 7))
/// ```
public struct StableDiffusionPipeline: Sendable {
  private let encoder: PromptEncoder
  private let unet: UNet
  private let autoencoder: Autoencoder
  private let schedulerFields: [String: ConfigValue]
  private let schedulerSource: String

  /// Loads a diffusers folder; the weights are mapped, not read.
  ///
  /// - Parameters:
  ///   - folder: Holds `model_index.json`.
  ///   - variant: Which weights to prefer where there are several, for example `fp16`.
  /// - Throws: One sentence that names the file and the key.
  public init(contentsOf folder: URL, variant: String? = nil) throws {
    let model = try ModelFolder(folder, variant: variant)
    encoder = PromptEncoder(tokenizer: try model.tokenizer(), textEncoder: try model.textEncoder())
    unet = try model.unet()
    autoencoder = try model.autoencoder()
    (schedulerFields, schedulerSource) = try model.schedulerFields()
    try Self.checkFit(encoder, unet, autoencoder, folder: folder)
  }

  private static func checkFit(
    _ encoder: PromptEncoder, _ unet: UNet, _ autoencoder: Autoencoder, folder: URL
  ) throws {
    let text = encoder.textEncoder.configuration
    func refuse(_ detail: String) -> PipelineError { .badModel(path: folder.shownPath, detail: detail) }
    if text.width != unet.configuration.contextWidth {
      throw refuse("the text encoder is \(text.width) wide, the UNet attends to \(unet.configuration.contextWidth)")
    }
    if unet.configuration.inputChannels != autoencoder.configuration.latentChannels {
      throw refuse(
        "the UNet takes \(unet.configuration.inputChannels) channels, "
          + "the autoencoder's latents have \(autoencoder.configuration.latentChannels)")
    }
    if encoder.tokenizer.modelMaxLength > text.positions {
      throw refuse("the tokenizer makes \(encoder.tokenizer.modelMaxLength) ids, the text encoder takes \(text.positions)")
    }
  }

  /// Pixels along one side of a latent.
  public var factor: Int { autoencoder.configuration.factor }

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
    let environment = TensorEnvironment(threads: threads, shouldStop: shouldStop)
    let quiet = TensorEnvironment(threads: threads)
    var (run, noise) = try TensorEnvironment.$current.withValue(quiet) { try prepare(request, shouldStop) }
    var report = GenerationReport(
      seeds: request.seeds, width: run.width, height: run.height, pipeline: run.pipelineName,
      scheduler: run.scheduler.className, inferenceSteps: request.inferenceSteps, timesteps: run.scheduler.timesteps,
      guidanceScale: request.guidanceScale)
    try withoutActuallyEscaping(progress) { progress in
      let loop = DenoisingLoop(
        predict: { latents, timestep, context in
          try unet(latents.channelsLast(), timestep: timestep, context: context).channelsFirst()
        },
        callbacks: callbacks, shouldStop: shouldStop, progress: progress)
      try TensorEnvironment.$current.withValue(environment) { try loop(run, noise: &noise, report: &report) }
    }
    report.warnings += run.warnings
    return try TensorEnvironment.$current.withValue(quiet) { try finish(run.state.latents, report) }
  }

  /// Encodes the prompts, sets the schedule and draws the first latents.
  private func prepare(
    _ request: GenerationRequest, _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> (DenoisingRun, NoiseSource) {
    let size = try request.checked(factor: factor, unet: unet.configuration)
    let scheduler = try makeScheduler(request)
    let encoder = encoder
    let encode: ([String]) throws -> ConditioningBundle = { texts in
      try encoder(texts, imagesPerPrompt: request.imagesPerPrompt, skippedLayers: request.clipSkip)
    }
    let negatives = request.negativePromptOfEach
    var noise = NoiseSource(seeds: request.seeds)
    let shape = [
      request.batchSize, autoencoder.configuration.latentChannels, size.height / factor, size.width / factor,
    ]
    let latents = try request.initialLatents(shape: shape) ?? noise.normal(shape: shape)
    let run = DenoisingRun(
      state: RunState(
        guidanceScale: request.guidanceScale, guidanceRescale: request.guidanceRescale,
        latents: try latents * scheduler.initialNoiseScale,
        conditional: try encode(request.prompts),
        unconditional: request.guidanceScale > 1 ? try encode(negatives) : nil),
      request: request, width: size.width, height: size.height, pipelineName: "sd", scheduler: scheduler,
      shouldStop: shouldStop,
      encoder: { prompt, negative in
        let count = request.prompts.count
        return EncodedPrompt(
          conditional: try encode([String](repeating: prompt, count: count)),
          unconditional: try negative.map { try encode([String](repeating: $0, count: count)) })
      },
      unconditionalEncoder: { try encode(negatives) })
    for (texts, option) in [(request.prompts, "--prompt"), (request.negativePrompts, "--negative-prompt")] {
      for text in texts { run.warnings += try encoder.warning(for: text, option: option).map { [$0] } ?? [] }
    }
    return (run, noise)
  }

  private func makeScheduler(_ request: GenerationRequest) throws -> any Scheduler {
    let kind = try request.scheduler.map { try SchedulerKind($0) }
    var configuration = try SchedulerConfiguration(schedulerFields, kind: kind, source: schedulerSource)
    _ = configuration.correctForStableDiffusion()
    for (key, value) in request.schedulerOptions {
      try configuration.set(key, text: value, source: "--scheduler-option")
    }
    var scheduler = try configuration.makeScheduler()
    try scheduler.setSteps(request.inferenceSteps)
    return scheduler
  }

  /// Decodes the latents, row by row so that a batch needs no more memory than one picture.
  private func finish(_ latents: Tensor, _ report: GenerationReport) throws -> GenerationResult {
    let clock = ContinuousClock()
    let start = clock.now
    let scaled = try latents / autoencoder.configuration.scalingFactor
    var rows: [Tensor] = []
    for row in 0..<latents.shape[0] {
      rows.append(try autoencoder.decode(scaled.narrow(0, start: row, length: 1)))
    }
    var report = report
    report.decodeSeconds = (clock.now - start).seconds
    let decoded = try Tensor.concatenated(rows, along: 0)
    let images = try rows.map { try RGBImage(decoded: $0.select(0, at: 0)) }
    return GenerationResult(images: images, latents: latents, decoded: decoded, report: report)
  }
}
