import MoonTensor

/// UniPC: each prediction first corrects the step that led to its latents, then predicts the next ones.
///
/// Latents returned by a step are those of the predictor; the corrector computes them again from the latents that the
/// step started at. Latents edited between the two would be lost, but for what the network makes of them, so an edit
/// moves that start along: see `latentsEdited`.
///
/// The last step to level 0 is of order 1 whatever `lower_order_final` says; of a higher order it is no number.
///
/// - Source: arXiv 2302.04867, formulas 3 and 9; `Fixtures/schedulers/unipc.safetensors`.
struct UniPCScheduler: Scheduler {
  let className: String
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  var sigmas: [Double] { levels.map(Double.init) }
  let initialNoiseScale: Float = 1

  private let steps: SolverSteps
  private let scale: LevelScale
  private let output: SolverOutput
  private let solver: UniPC
  private let lowersEnd: Bool
  private let uncorrected: Set<Int>
  private var levels: [Float] = []
  private var memory: Memory?

  /// What one step leaves for the next.
  private struct Memory {
    /// The step taken last.
    var step: Int
    /// Converted network outputs, the newest first.
    var outputs: [Tensor]
    /// Latents that the step started at, corrected.
    var start: Tensor
    /// Weight of `start` in the latents returned.
    var startWeight: Float
    /// Order of the step.
    var order: Int
  }

  /// A scheduler without steps, from a configuration of UniPC.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    className = configuration.kind.className
    steps = try SolverSteps(configuration)
    scale = LevelScale(configuration)
    solver = UniPC(configuration)
    // The reference limits the clean latents alone.
    output = SolverOutput(configuration, predictsClean: solver.predictsClean, limitsNoise: false)
    lowersEnd = configuration.bool("lower_order_final")
    uncorrected = Set(configuration.optionalNumbers("disable_corrector")?.compactMap { Int(exactly: $0) } ?? [])
    if !solver.predictsClean {
      if configuration.text("final_sigmas_type") == "zero" {
        throw .notSupported(
          scheduler: className, setting: "predict_x0 false", reason: "it needs final_sigmas_type sigma_min")
      }
      if PredictionType(configuration) == .flow {
        throw .notSupported(
          scheduler: className, setting: "predict_x0 false", reason: "prediction_type is flow_prediction")
      }
    }
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    let planned = try steps.planned(plan)
    levels = planned.levels
    timesteps = planned.timesteps
    inferenceStepCount = timesteps.count
    restart()
  }

  mutating func restart() { memory = nil }

  func scaledModelInput(_ latents: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return latents
  }

  mutating func step(
    _ latents: Tensor, prediction: Tensor, at step: Int, options: StepOptions,
    noise: (_ shape: [Int]) throws(TensorError) -> Tensor
  ) throws(SchedulerError) -> SchedulerStep {
    try checkScheduled(step)
    let before = memory?.step == step - 1 ? memory : nil
    let (clean, integrated) = try output.converted(latents, prediction, level: levels[step])
    var start = latents
    if let before, !uncorrected.contains(step - 1) { start = try corrected(before, integrated) }
    let known = [integrated] + (before?.outputs.prefix(solver.order - 1) ?? [])
    let order = min(known.count, highestOrder(at: step))
    let coefficients = solver.coefficients(levels: levels, start: step, order: order, corrects: false)
    let moved = try sum(coefficients, start, known)
    memory = Memory(step: step, outputs: known, start: start, startWeight: coefficients.latents, order: order)
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  /// The latents that the step before ended at, computed again with the prediction there.
  private func corrected(_ before: Memory, _ integrated: Tensor) throws(SchedulerError) -> Tensor {
    let coefficients = solver.coefficients(levels: levels, start: before.step, order: before.order, corrects: true)
    return try sum(coefficients, before.start, before.outputs, target: integrated)
  }

  private func sum(
    _ coefficients: UniPC.Coefficients, _ start: Tensor, _ outputs: [Tensor], target: Tensor? = nil
  ) throws(SchedulerError) -> Tensor {
    var terms: [(Float, Tensor)] = [(coefficients.latents, start)]
    terms += zip(coefficients.predictions, outputs).map { ($0, $1) }
    if let target { terms.append((coefficients.target, target)) }
    return try onTensors { [terms] () throws(TensorError) in try Tensor.linearCombination(terms) }
  }

  private func highestOrder(at step: Int) -> Int {
    if levels[step + 1] == 0 { return 1 }
    return lowersEnd ? min(solver.order, timesteps.count - step) : solver.order
  }

  /// Moves the kept start of the step, so that the same step from it ends in `new`. The corrector then starts there too,
  /// and the whole edit is in its result, as it is in a scheduler without a corrector.
  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {
    guard let kept = memory, kept.step == step, kept.startWeight != 0 else { return }
    memory?.start = try LatentEdit(from: old, to: new).moved(kept.start, weight: 1 / kept.startWeight)
  }

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try scale.addedNoise(to: clean, noise: noise, level: levels[step])
  }
}
