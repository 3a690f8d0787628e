internal import MoonSchedulers
package import MoonTensor

/// A run without a model: the real loop, scheduler and callbacks, with a trace or a stand-in in the networks' place.
package struct Rehearsal: Sendable {
  /// What the predictions come from.
  private enum Source: Sendable {
    case standIn(RehearsalKind)
    case trace(RunTrace)
  }

  /// What to run. Of a trace, pictures and the number of images are fixed; all else may be changed.
  package var request: GenerationRequest
  private let source: Source

  /// A rehearsal with a stand-in: a soft picture that embeddings, control pictures and image prompts move.
  ///
  /// - Parameter kind: What kind of run.
  /// - Throws: `ImageError`.
  package init(_ kind: RehearsalKind) throws {
    source = .standIn(kind)
    request = try kind.request()
  }

  /// A replay. With its request unchanged it gives the recorded latents bit for bit.
  package init(_ trace: RunTrace) {
    source = .trace(trace)
    request = trace.request
  }

  /// What schedulers can be called.
  package static var schedulerNames: [String] { SchedulerKind.allCases.map(\.rawValue) }

  /// `sd` or `sdxl`.
  package var pipeline: String {
    switch source {
    case .standIn(let kind): kind.pipeline
    case .trace(let trace): trace.pipeline
    }
  }

  /// Which kind of run it is.
  package var task: RunTask {
    switch source {
    case .standIn(let kind): kind.task
    case .trace(let trace): trace.task
    }
  }

  /// Rows of the batch.
  package var batchSize: Int { request.batchSize }

  /// Whether it is a replay of a trace.
  package var isReplay: Bool { if case .trace = source { true } else { false } }

  /// What a rehearsal came to.
  package struct Outcome: Sendable {
    /// The final latents.
    package var latents: Tensor
    /// How the run went.
    package var report: GenerationReport
    /// Rows of each call of the network, a call a step.
    package var rows: [Int]
    /// What a replay needs, where the request asked for it.
    package var trace: RunTrace?
  }

  /// Runs it.
  ///
  /// - Parameters:
  ///   - callbacks: Called around the steps, in this order.
  ///   - shouldStop: Asked often; true ends the loop.
  /// - Returns: The latents and a report.
  /// - Throws: `PipelineError`, `SchedulerError`, or what a callback throws.
  package func run(
    callbacks: [any StepCallback] = [], shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> Outcome {
    // No text encoder runs here: any number of its layers may be left out.
    try request.checkNumbers(layers: .max)
    if request.seeds.count != 1 && request.seeds.count != batchSize {
      throw PipelineError.badRequest(
        option: "--seed", detail: "\(request.seeds.count) seeds are given for \(batchSize) images")
    }
    var prepared =
      switch source {
      case .standIn(let kind): try StandInPreparation(kind: kind, request: request)(shouldStop)
      case .trace(let trace): try ReplayPreparation(trace: trace, request: request)(shouldStop)
      }
    let run = prepared.run
    var report = GenerationReport(run)
    let counter = CountingPredictor(prepared.predictor)
    let recorder =
      request.recordsTrace
      ? try TraceRecorder(run, scheduler: prepared.configuration, factor: prepared.factor) : nil
    let loop = DenoisingLoop(
      predict: counter, callbacks: callbacks, shouldStop: shouldStop, progress: { _ in }, recorder: recorder)
    try TensorEnvironment.$current.withValue(TensorEnvironment(threads: 1, shouldStop: shouldStop)) {
      try loop(run, noise: &prepared.noise, report: &report)
    }
    report.warnings = run.warnings + notes(on: prepared.predictor)
    report.timesteps = run.timesteps
    return Outcome(latents: run.state.latents, report: report, rows: counter.rows, trace: recorder?.finished())
  }
}

extension Rehearsal {
  /// Where a replay of the recorded schedule had no recording to go by.
  private func notes(on predictor: any PredictionSource) -> [String] {
    guard case .trace(let trace) = source, let recorded = predictor as? RecordedPredictor,
      request.inferenceSteps == trace.request.inferenceSteps, request.scheduler == trace.request.scheduler
    else { return [] }
    return recorded.notes
  }
}

/// A run that is ready to start, without a model.
struct PreparedRehearsal {
  let run: DenoisingRun
  var noise: NoiseSource
  let predictor: any PredictionSource
  let configuration: SchedulerConfiguration
  /// Pixels along one side of a latent.
  let factor: Int
}

/// Counts the rows that a predictor is asked for.
private final class CountingPredictor: PredictionSource {
  private(set) var rows: [Int] = []
  private let inner: any PredictionSource

  init(_ inner: any PredictionSource) { self.inner = inner }

  func callAsFunction(_ run: DenoisingRun, halves: [GuidanceHalf]) throws -> Tensor {
    rows.append(halves.count * run.batchSize)
    return try inner(run, halves: halves)
  }

  func freshNoise(_ run: DenoisingRun) -> Tensor? { inner.freshNoise(run) }
}
