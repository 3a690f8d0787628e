public import Foundation
internal import MoonImage
internal import MoonNets
package import MoonSchedulers
package import MoonTensor
internal import MoonWeights

/// Stable Diffusion 1.x, 2.x and SDXL: from prompts to pictures.
///
/// ```swift
/// let pipeline = try StableDiffusionPipeline(contentsOf: folder)
/// let result = try pipeline.run(GenerationRequest(prompt: "red apple on a blue background", seed: 7))
/// ```
/// A request with `images` starts from a picture, with `masks` it mends one. A pipeline holds the model with its
/// ControlNets and IP-Adapters alone; nothing of a run stays in it.
public struct StableDiffusionPipeline: Sendable {
  private(set) var parts: ModelParts
  /// Networks that follow a picture, in the order of `GenerationRequest.controls`.
  private var controlNets: [ControlNet] = []
  /// Networks that take pictures as prompts, in the order of `GenerationRequest.imagePrompts`.
  private var adapters: [LoadedAdapter] = []
  private var schedulerFields: [String: ConfigValue]
  private var schedulerSource: String
  /// Where the networks of the loop keep prepared weights, from run to run.
  private let weightCache: WeightCache
  private let savesMemory: Bool
  /// What the user should know of the model.
  private let warnings: [String]

  /// Loads a diffusers folder or a checkpoint in one file; the weights are mapped, not read.
  ///
  /// - Parameters:
  ///   - url: A folder with `model_index.json`, or a `.safetensors` file in the original layout.
  ///   - variant: Which weights to prefer where there are several, for example `fp16`.
  /// - Throws: One sentence that names the file and the key.
  public init(contentsOf url: URL, variant: String? = nil) throws {
    var options = ModelOptions()
    options.variant = variant
    try self.init(contentsOf: url, options: options)
  }

  /// Loads a model with ControlNets, IP-Adapters, LoRAs and whatever else belongs to it.
  ///
  /// - Parameters:
  ///   - url: A folder with `model_index.json`, or a `.safetensors` file in the original layout.
  ///   - options: What is loaded beside it.
  /// - Throws: One sentence that names the file and the key.
  public init(contentsOf url: URL, options: ModelOptions) throws {
    MemoryPool.shared.prepare()
    let model = try ModelSource(url, variant: options.variant)
    warnings = try model.warnings(others: options.controlNets + [options.autoencoder].compactMap(\.self))
    savesMemory = options.lowMemory
    parts = try ModelParts(model, options: options)
    weightCache = options.weightsCache.cache(
      lowMemory: options.lowMemory, byteCount: parts.unet.pages.byteCount)
    // Half-precision weights widened, and some of them transformed.
    weightCache.prepare(parts.unet.pages.byteCount / 4 * 9)
    (schedulerFields, schedulerSource) = try model.schedulerFields()
    controlNets = try options.controlNets.map { try ControlNet(contentsOf: $0, for: parts, variant: options.variant) }
    adapters = try LoadedAdapter.load(options, model: url, unet: parts.unet)
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

  /// Which family the model belongs to: `sd` or `sdxl`.
  public var name: String { parts.encoder.isXL ? "sdxl" : "sd" }

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
  /// its latents, `[rows, channels, height, width]`, and the text embeddings of these rows; `profile` is told of all
  /// operations.
  package func run(
    _ request: GenerationRequest, callbacks: [any StepCallback], threads: Int? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }, progress: (StepProgress) -> Void = { _ in },
    profile: RunProfile? = nil, observe: (Tensor, Tensor) -> Void
  ) throws -> GenerationResult {
    // What prepares and finishes a run is short, and a stopped run shall still end in a picture.
    var quiet = TensorEnvironment(threads: threads)
    quiet.profile = profile?.preparation
    var environment = TensorEnvironment(threads: threads, shouldStop: shouldStop)
    environment.weightCache = weightCache
    environment.profile = profile?.steps
    var (run, noise, configuration) = try TensorEnvironment.$current.withValue(quiet) {
      try prepare(request, shouldStop)
    }
    let recorder =
      request.recordsTrace ? try TraceRecorder(run, scheduler: configuration, factor: factor) : nil
    // The parts take turns in memory: one that rests gives back the pages of its weights.
    for part in parts.encoder.parts { part.textEncoder.pages.release() }
    defer { parts.autoencoder.pages.release() }
    var report = GenerationReport(run)
    let unet = try adapters.reduce(parts.unet) { try $0.adding($1.layers) }
    try withoutActuallyEscaping(progress) { progress in
      try withoutActuallyEscaping(observe) { observe in
        let loop = DenoisingLoop(
          predict: NoisePredictor(
            unet: unet,
            controls: zip(controlNets, request.controls).map {
              ControlPart(net: $0, start: $1.guidanceStart, end: $1.guidanceEnd)
            },
            projections: adapters.map(\.projection), takesTurns: takesTurns(run), observe: observe),
          callbacks: callbacks, shouldStop: shouldStop, progress: progress, recorder: recorder)
        try TensorEnvironment.$current.withValue(environment) { try loop(run, noise: &noise, report: &report) }
      }
    }
    parts.unet.pages.release()
    for net in controlNets { net.pages.release() }
    MemoryPool.shared.trim()
    report.warnings = warnings + run.warnings
    report.timesteps = run.timesteps
    quiet.profile = profile?.decoding
    var result = try TensorEnvironment.$current.withValue(quiet) { try finish(run, report) }
    result.trace = recorder?.finished()
    return result
  }

  /// Whether both halves of guidance shall go through the networks one after the other.
  private func takesTurns(_ run: DenoisingRun) -> Bool {
    if savesMemory { return true }
    guard let available = SystemMemory.availableByteCount else { return false }
    // Activations of Stable Diffusion and SDXL take about forty times those of their first layer.
    let shape = run.latentsShape
    let first = Double(2 * shape[0] * shape[2] * shape[3]) * Double(parts.unet.configuration.channels.first ?? 0)
    return 40 * 4 * first > Double(available) / 2
  }

  /// Checks a request as `run` does before it begins.
  ///
  /// - Parameter request: What would be made.
  /// - Returns: The size of its pictures.
  /// - Throws: `PipelineError.badRequest`, naming the option; `SchedulerError`.
  package func check(_ request: GenerationRequest) throws -> PictureSize {
    let inputs = try inputs(of: request, warn: { _ in })
    let (scheduler, configuration, _) = try makeScheduler(request)
    _ = try request.window(
      in: scheduler, trainSteps: configuration.trainSteps,
      strength: request.effectiveStrength(isXL: parts.encoder.isXL))
    guard inputs.region != nil, let image = request.images.first else { return inputs.size }
    return PictureSize(height: image.height, width: image.width)
  }

  /// The pictures of a request that was found good.
  private func inputs(of request: GenerationRequest, warn: (String) -> Void) throws -> PictureInputs {
    try request.check(against: parts, controlNets: controlNets.count, adapters: adapters.count)
    let sample = parts.unet.configuration
    let inputs = try PictureInputs(
      request, factor: factor,
      modelSize: PictureSize(height: sample.sampleHeight &* factor, width: sample.sampleWidth &* factor), warn: warn)
    try request.check(inputs.size, factor: factor)
    return inputs
  }

  /// Encodes the prompts, sets the schedule and makes the first latents.
  private func prepare(
    _ request: GenerationRequest, _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> (DenoisingRun, NoiseSource, SchedulerConfiguration) {
    var notes: [String] = []
    let inputs = try inputs(of: request, warn: { notes.append($0) })
    let (scheduler, configuration, corrections) = try makeScheduler(request)
    let strength = request.effectiveStrength(isXL: parts.encoder.isXL)
    let window = try request.window(in: scheduler, trainSteps: configuration.trainSteps, strength: strength)
    var noise = NoiseSource(seeds: request.seeds, device: request.randomDevice)
    let prompts = try zip(adapters, request.imagePrompts).map { adapter, prompt in
      try adapter.encoder(prompt.images, takesHiddenStates: adapter.projection.takesHiddenStates)
    }
    let encoder = RequestEncoder(
      encoder: parts.encoder, request: request,
      timeIDs: parts.encoder.isXL
        ? TimeIDs(request.micro, height: inputs.size.height, width: inputs.size.width, scores: parts.isScored) : nil,
      imagePrompts: prompts)
    var start = try RunPreparation(
      request: request, inputs: inputs, autoencoder: parts.autoencoder, isInpaintingModel: parts.isInpaintingModel,
      scheduler: scheduler, window: window, strength: strength)(&noise)
    start.guessesControl = request.guessMode || controlNets.contains { $0.configuration.poolsGlobally }
    var state = RunState(
      guidanceScale: request.guidanceScale, guidanceRescale: request.guidanceRescale, latents: start.latents,
      conditional: try encoder.conditional())
    state.imitatesGuidance = parts.unet.configuration.guidanceWidth != nil
    if state.guides { state.unconditional = try encoder.unconditional() }
    state.mask = start.mask.map { HalvedTensor($0) }
    state.maskedImageLatents = start.maskedImageLatents.map { HalvedTensor($0) }
    state.controlImages = try inputs.controlRows(for: request)
    state.controlScales = request.effectiveControlScales(isXL: parts.encoder.isXL)
    state.adapterScales = request.imagePrompts.map(\.scale)
    let run = DenoisingRun(
      state: state, start: start, request: request,
      model: LoadedRunModel(encoder: encoder, autoencoder: parts.autoencoder), pipelineName: name, scheduler: scheduler,
      meaning: PredictionMeaning(configuration), window: window, shouldStop: shouldStop)
    run.inputs = inputs
    run.warnings = corrections
    for note in notes { run.warn(note) }
    let count = parts.encoder.parts.count
    try run.warnOfCuts(request.texts(encoders: count), from: "--prompt")
    if !request.negativePrompts.isEmpty {
      try run.warnOfCuts(request.negativeTexts(encoders: count), from: "--negative-prompt")
    }
    return (run, noise, configuration)
  }

  /// The scheduler of a request, its steps planned, and a warning for each value of an old file that was repaired.
  private func makeScheduler(_ request: GenerationRequest) throws -> (any Scheduler, SchedulerConfiguration, [String]) {
    let kind = try request.scheduler.map { try SchedulerKind($0) }
    var configuration = try SchedulerConfiguration(schedulerFields, kind: kind, source: schedulerSource)
    let isRepaired = !parts.encoder.isXL && request.controls.isEmpty
    let changed = isRepaired ? configuration.correctForStableDiffusion(isInpainting: !request.masks.isEmpty) : []
    let warnings = changed.filter { schedulerFields[$0] != nil }.map { key in
      "\(schedulerSource): \(key) is taken as \(configuration[key]?.description ?? "null"), as Stable Diffusion needs it"
    }
    let scheduler = try request.scheduler(of: &configuration)
    return (scheduler, configuration, warnings)
  }

  /// Decodes the latents, row by row so that a batch needs no more memory than one picture, and puts what was mended
  /// back into its picture where the work was confined to a region.
  private func finish(_ run: DenoisingRun, _ report: GenerationReport) throws -> GenerationResult {
    let start = ContinuousClock.now
    let latents = run.state.latents
    let rows = try parts.autoencoder.decodedRows(latents)
    var report = report
    report.decodeSeconds = (ContinuousClock.now - start).seconds
    var images = try rows.map { try RGBImage(decoded: $0.select(0, at: 0)) }
    if let inputs = run.inputs { images = try inputs.overlaid(images, factor: factor, request: run.request) }
    let decoded = try rows.count == 1 ? rows[0] : Tensor.concatenated(rows, along: 0)
    return GenerationResult(images: images, latents: latents, decoded: decoded, report: report)
  }
}
