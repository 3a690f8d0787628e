import Foundation
import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

/// One of the tiny models of `Fixtures/models`, loaded once.
enum Model: String, CaseIterable, Decodable, Sendable, CustomTestStringConvertible {
  case tinySD = "tiny_sd"
  case tinySD2 = "tiny_sd2"

  var testDescription: String { rawValue }

  var folder: URL { Fixture.folder.appending(path: "models/\(rawValue)") }

  func pipeline() throws -> StableDiffusionPipeline { try (self == .tinySD ? Self.first : Self.second).get() }

  private static let first = Result { try StableDiffusionPipeline(contentsOf: Model.tinySD.folder) }
  private static let second = Result { try StableDiffusionPipeline(contentsOf: Model.tinySD2.folder) }
}

/// A short run of the tiny model on a small picture, for tests of what callbacks do.
func smallRequest(
  _ prompts: [String] = ["a red apple on a blue table"], steps: Int = 4, guidance: Double = 7.5, seeds: [UInt64] = [5],
  scheduler: SchedulerKind? = .ddim
) -> GenerationRequest {
  var request = GenerationRequest(prompt: "", seed: 0)
  request.prompts = prompts
  request.negativePrompts = ["blurry, dark"]
  request.inferenceSteps = steps
  request.guidanceScale = guidance
  request.seeds = seeds
  request.height = 16
  request.width = 24
  request.scheduler = scheduler?.rawValue
  return request
}

/// What a run held: its state at the start and after each step.
final class Recorder: StepCallback {
  private(set) var initial: Tensor?
  private(set) var conditional: Tensor?
  private(set) var unconditional: Tensor?
  private(set) var latents: [Tensor] = []
  private(set) var predictedOriginals: [Tensor?] = []
  private(set) var ends = 0

  func runBegins(_ run: DenoisingRun) {
    initial = run.state.latents
    conditional = run.state.conditional.promptEmbeds
    unconditional = run.state.unconditional?.promptEmbeds
  }

  func stepEnds(_ run: DenoisingRun) {
    latents.append(run.state.latents)
    predictedOriginals.append(run.predictedOriginal)
  }

  func runEnds(_ run: DenoisingRun) { ends += 1 }
}

/// A callback with a closure for each point.
final class HookCallback: StepCallback {
  var onRunBegin: (DenoisingRun) throws -> Void = { _ in }
  var onStepBegin: (DenoisingRun) throws -> Void = { _ in }
  var onGuidance: (DenoisingRun, GuidancePredictions) throws -> Tensor? = { _, _ in nil }
  var onStepEnd: (DenoisingRun) throws -> Void = { _ in }
  var onRunEnd: (DenoisingRun) throws -> Void = { _ in }

  func runBegins(_ run: DenoisingRun) throws { try onRunBegin(run) }
  func stepBegins(_ run: DenoisingRun) throws { try onStepBegin(run) }
  func combinesGuidance(_ run: DenoisingRun, _ predictions: GuidancePredictions) throws -> Tensor? {
    try onGuidance(run, predictions)
  }
  func stepEnds(_ run: DenoisingRun) throws { try onStepEnd(run) }
  func runEnds(_ run: DenoisingRun) throws { try onRunEnd(run) }
}

/// A run with everything that could be seen of it.
struct RecordedRun {
  let result: GenerationResult
  let recorder: Recorder
  /// What each call of the network was given.
  let inputs: [(latents: Tensor, context: Tensor)]

  init(
    _ request: GenerationRequest, of pipeline: StableDiffusionPipeline? = nil, _ callbacks: any StepCallback...,
    threads: Int? = nil
  ) throws {
    let recorder = Recorder()
    var inputs: [(latents: Tensor, context: Tensor)] = []
    result = try (pipeline ?? Model.tinySD.pipeline()).run(
      request, callbacks: callbacks + [recorder], threads: threads, observe: { inputs.append(($0, $1)) })
    self.recorder = recorder
    self.inputs = inputs
  }

  /// Rows that each call of the network was given.
  var rows: [Int] { inputs.map { $0.context.shape[0] } }

  /// Half `half` of the text embeddings that the network was given at `step`: 0 unwanted, 1 wanted.
  func context(_ step: Int, half: Int, of batch: Int = 1) throws -> Tensor {
    try inputs[step].context.narrow(0, start: half * batch, length: batch)
  }
}

/// What the error thrown by `body` says, `nil` when it throws none.
func message<Result>(_ body: () throws -> Result) -> String? {
  do {
    _ = try body()
    return nil
  } catch {
    return "\(error)"
  }
}

/// The largest difference of two tensors in units of the largest value of the second.
func relativeDifference(_ found: Tensor, _ wanted: Tensor) throws -> Float {
  let (left, right) = (try found.floats(), try wanted.floats())
  try #require(left.count == right.count)
  let largest = right.reduce(0) { max($0, abs($1)) }
  return zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
}

extension SchedulerKind {
  /// Whether latents are `clean + sigma * noise`, and scaled at the network's input.
  var addsNoise: Bool { [.euler, .eulerAncestral, .heun, .lms, .dpm2, .dpm2Ancestral].contains(self) }

  /// Entries of the schedule for so many steps: PNDM repeats one, second-order solvers take all but the last twice.
  func entries(_ steps: Int) -> Int {
    switch self {
    case .pndm: steps + 1
    case .heun, .dpm2, .dpm2Ancestral: 2 * steps - 1
    default: steps
    }
  }
}
