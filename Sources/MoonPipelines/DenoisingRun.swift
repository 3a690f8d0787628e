internal import MoonSchedulers
public import MoonTensor

/// A run while it goes: what callbacks see and change.
///
/// Not `Sendable`: made, used and dropped on the thread that runs the loop.
public final class DenoisingRun {
  /// What a callback may change.
  public var state: RunState
  /// The request.
  public let request: GenerationRequest
  /// Rows of the batch: prompts times images a prompt.
  public let batchSize: Int
  /// Width of the pictures in pixels.
  public let width: Int
  /// Height of the pictures in pixels.
  public let height: Int
  /// Which family the model belongs to: `sd` or `sdxl`.
  public let pipelineName: String
  /// The step that runs, from 0; -1 before the first.
  public internal(set) var step = -1
  /// The clean latents that the last prediction points to, `[batch, channels, height, width]`; `nil` before step 0 ends.
  public internal(set) var predictedOriginal: Tensor?
  /// The scheduler with its timesteps and noise levels.
  var scheduler: any Scheduler
  /// Which of the scheduler's steps the run takes.
  var window: Range<Int>
  /// Whether the caller asked for the end of the run; asked from any thread.
  public let shouldStop: @Sendable () -> Bool
  /// Warnings for the report.
  public var warnings: [String] = []
  /// The standard normal noise that the run started from, `[batch, channels, height, width]`.
  public let initialNoise: Tensor
  /// The latents of the given picture, same shape; `nil` where none was given.
  public let imageLatents: Tensor?
  /// Whether the run starts from a picture or mends one.
  public let startsFromImage: Bool
  /// Whether the first latents are noise alone.
  let startsFromNoise: Bool
  /// Whether what stays of the picture is put back into the latents after each step: inpainting with a model that was
  /// not trained for it.
  let blendsImage: Bool
  /// Whether the ControlNets see the wanted half alone.
  let guessesControl: Bool
  /// Shape of the latents, which stays the same.
  let latentsShape: [Int]
  /// Steps that were run, repeated ones counted each time.
  public internal(set) var stepsTaken = 0
  /// The most steps that the run may take.
  let maximumStepCount: Int
  /// Index in `sigmas` of the level at which the latents are; `nil` while a step is computed.
  var level: Int? = 0
  /// The guidance scale of the step that runs or ran last: 1 where it was off.
  var guidanceInEffect = 1.0
  /// Whether the loop has ended.
  var isOver = false
  /// The latents that the scheduler returned last; `nil` where the next step is one that starts afresh.
  var scheduled: Tensor?
  /// What the network's predictions say.
  let meaning: PredictionMeaning
  /// The model apart from its predictions of noise.
  let model: any RunModel
  /// The pictures that were given.
  var inputs: PictureInputs?
  /// The map from latents to colours, once a preview was asked for.
  var latentColours: LatentColours?

  /// A run about to start; the model is used when a callback asks for other prompts or for pictures, or when guidance is
  /// switched on that was off at the start.
  init(
    state: RunState, start: RunStart, request: GenerationRequest, model: any RunModel, pipelineName: String,
    scheduler: any Scheduler, meaning: PredictionMeaning, window: Range<Int>,
    shouldStop: @escaping @Sendable () -> Bool
  ) {
    self.state = state
    initialNoise = start.noise
    imageLatents = start.imageLatents
    startsFromImage = start.hasImage
    startsFromNoise = start.isPureNoise
    blendsImage = start.blends
    (width, height) = (start.size.width, start.size.height)
    self.model = model
    var request = request
    request.inferenceSteps = request.stepCount(in: scheduler)
    self.request = request
    batchSize = request.batchSize
    guessesControl = start.guessesControl
    latentsShape = state.latents.shape
    maximumStepCount = Self.stepFactor * window.count
    self.pipelineName = pipelineName
    self.scheduler = scheduler
    self.meaning = meaning
    self.window = window
    self.shouldStop = shouldStop
  }

  /// Class name of the scheduler, as in the reference.
  public var schedulerName: String { scheduler.className }

  /// Training time of each step.
  public var timesteps: [Double] { Array(scheduler.timesteps[window]) }

  /// Noise level of the latents at each step, then the level that the run ends at.
  public var sigmas: [Double] { Array(scheduler.sigmas[window.lowerBound...window.upperBound]) }

  /// Steps of the run; some schedulers have more than were asked for.
  public var timestepCount: Int { window.count }

  /// Training time of the step that runs.
  public var timestep: Double {
    (0..<timestepCount).contains(step) ? scheduler.timesteps[scheduledIndex(step)] : 0
  }

  /// The scheduler's number of a step of the run.
  func scheduledIndex(_ step: Int) -> Int { window.lowerBound + step }

  /// Ends the run after the step that runs, or before the first one.
  public func interrupt() { state.interruptRequests.insert(RunState.anybody) }

  /// Encodes another prompt for every image of the batch, for all text encoders of the model.
  ///
  /// - Parameters:
  ///   - prompt: What is wanted.
  ///   - negativePrompt: What is not; `nil` leaves that half to the run's own.
  /// - Returns: The halves, `batchSize` rows each.
  /// - Throws: An error of the tokenizer or the text encoder.
  public func encode(_ prompt: String, negativePrompt: String? = nil) throws -> EncodedPrompt {
    try warnOfCuts([[prompt] + (negativePrompt.map { [$0] } ?? [])], from: "encode")
    return try model.encode(prompt, negativePrompt: negativePrompt)
  }

  /// The unwanted half, encoded now if it never was.
  ///
  /// - Returns: `batchSize` rows.
  /// - Throws: An error of the text or image encoder.
  public func unconditional() throws -> ConditioningBundle {
    if let bundle = state.unconditional { return bundle }
    let bundle = try model.unconditional()
    state.unconditional = bundle
    return bundle
  }

  /// Adds a warning, once, for each text that is longer than the model reads; `texts` holds those of each text encoder,
  /// the last list also those of the encoders after it.
  func warnOfCuts(_ texts: [[String]], from source: String) throws {
    for warning in try model.warnings(for: texts, from: source) { warn(warning) }
  }

  /// Adds a warning that is not there yet, compared by bytes: a plugin may choose texts that are slow to compare otherwise.
  package func warn(_ warning: String) {
    if !warnings.contains(where: { $0.utf8.elementsEqual(warning.utf8) }) { warnings.append(warning) }
  }
}
