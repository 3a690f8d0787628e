import MoonTensor

/// DPM-Solver and DPM-Solver++ of order 1 to 3 without memory from step to step: a step of order K takes K timesteps,
/// and each prediction goes on from the latents at its start.
///
/// Latents edited within a step would be lost, but for what the network makes of them, so an edit moves that start along:
/// see `latentsEdited`.
///
/// - Source: arXiv 2206.00927 and 2211.01095; `Fixtures/schedulers/dpmsolver_singlestep.safetensors`.
struct DPMSolverSinglestepScheduler: Scheduler {
  let className: String
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  var sigmas: [Double] { levels.map(Double.init) }
  let initialNoiseScale: Float = 1

  private let configuration: SchedulerConfiguration
  private let steps: SolverSteps
  private let scale: LevelScale
  private let output: SolverOutput
  private let solver: DPMSolver
  private var levels: [Float] = []
  /// How many predictions each timestep uses.
  private var orders: [Int] = []
  private var memory: Memory?

  /// What one prediction leaves for the next.
  private struct Memory {
    /// The timestep taken last.
    var step: Int
    /// Converted network outputs, the newest first.
    var outputs: [Tensor]
    /// Latents at the start of the step of several timesteps.
    var start: Tensor
    /// Weight of `start` in the latents returned.
    var startWeight: Float
  }

  /// A scheduler without steps, from a configuration of DPM-Solver without memory.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    self.configuration = configuration
    className = configuration.kind.className
    steps = try SolverSteps(configuration)
    scale = LevelScale(configuration)
    solver = DPMSolver(configuration)
    output = SolverOutput(configuration, predictsClean: solver.predictsClean)
    try solver.checkCombinations(configuration)
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    let planned = try steps.planned(plan)
    levels = planned.levels
    timesteps = planned.timesteps
    inferenceStepCount = timesteps.count
    orders = orders(count: timesteps.count)
    restart()
  }

  /// Rising orders over and over, the last step lower where they do not fit or where the configuration says so.
  private func orders(count: Int) -> [Int] {
    let highest = solver.order
    let endsAtZero = configuration.text("final_sigmas_type") == "zero"
    var orders = (0..<count).map { $0 % highest + 1 }
    let lowersEnd = configuration.bool("lower_order_final") || endsAtZero || count % highest != 0
    // Steps that fit whole end in lower ones all the same: of order 2 in 1, 1, of order 3 in 1, 2, 1.
    if lowersEnd && highest > 1 && count % highest == 0 { orders[count - 1] = 1 }
    if endsAtZero { orders[count - 1] = 1 }
    return orders
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
    let known = [integrated] + (before?.outputs.prefix(solver.order - 1) ?? [])
    // A run that begins within a step has fewer predictions than the step.
    let order = min(known.count, orders[step])
    var start = latents
    if order > 1, let before { start = before.start }
    let coefficients = solver.singlestepCoefficients(levels: levels, step: step, order: order)
    let origin = start
    let moved = try onTensors { () throws(TensorError) in
      var terms: [(Float, Tensor)] = [(coefficients.latents, origin)]
      for (weight, known) in zip(coefficients.predictions, known) { terms.append((weight, known)) }
      if solver.isStochastic { terms.append((coefficients.noise, try noise(prediction.shape))) }
      return try Tensor.linearCombination(terms)
    }
    memory = Memory(step: step, outputs: known, start: start, startWeight: coefficients.latents)
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  /// Moves the kept start of the step, so that the part of it that was taken, with the same predictions and noise, ends
  /// in `new`.
  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {
    guard let kept = memory, kept.step == step, kept.startWeight != 0 else { return }
    memory?.start = try LatentEdit(from: old, to: new).moved(kept.start, weight: 1 / kept.startWeight)
  }

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try scale.addedNoise(to: clean, noise: noise, level: levels[step])
  }
}
