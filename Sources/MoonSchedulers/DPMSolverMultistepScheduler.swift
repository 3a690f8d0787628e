import MoonTensor

/// DPM-Solver and DPM-Solver++ of order 1 to 3 with memory, as ordinary or stochastic differential equation.
///
/// - Source: arXiv 2206.00927 and 2211.01095; `Fixtures/schedulers/dpmsolver_multistep.safetensors`.
struct DPMSolverMultistepScheduler: Scheduler {
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
  /// Converted network outputs, the newest first.
  private var history: [Tensor] = []
  private var lastStep: Int?

  /// A scheduler without steps, from a configuration of DPM-Solver with memory.
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
    let count = planned.timesteps.count
    if !solver.predictsClean && solver.isStochastic && (0..<count).contains(where: { order(at: $0, of: count) > 2 }) {
      throw .notSupported(
        scheduler: className, setting: "algorithm_type sde-dpmsolver", reason: "\(count) steps need one of order 3")
    }
    levels = planned.levels
    timesteps = planned.timesteps
    inferenceStepCount = count
    restart()
  }

  mutating func restart() {
    history = []
    lastStep = nil
  }

  func scaledModelInput(_ latents: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return latents
  }

  mutating func step(
    _ latents: Tensor, prediction: Tensor, at step: Int, options: StepOptions,
    noise: (_ shape: [Int]) throws(TensorError) -> Tensor
  ) throws(SchedulerError) -> SchedulerStep {
    try checkScheduled(step)
    let follows = lastStep.map { $0 + 1 == step } ?? true
    let (clean, converted) = try output.converted(latents, prediction, level: levels[step])
    let known = [converted] + (follows ? history.prefix(solver.order - 1) : [])
    let used = min(known.count, order(at: step, of: timesteps.count))
    let coefficients = solver.coefficients(levels: levels, step: step, order: used)
    let moved = try onTensors { () throws(TensorError) in
      var terms: [(Float, Tensor)] = [(coefficients.latents, latents)]
      for (weight, known) in zip(coefficients.predictions, known) { terms.append((weight, known)) }
      if solver.isStochastic { terms.append((coefficients.noise, try noise(prediction.shape))) }
      return try Tensor.linearCombination(terms)
    }
    history = known
    lastStep = step
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  /// The highest order that a step of a run from the start has: lower at the start, where little is known yet, and at
  /// the end, where the reference lowers it.
  private func order(at step: Int, of count: Int) -> Int {
    let lowersEnd = configuration.bool("lower_order_final") && count < 15
    let endsFlat = configuration.text("final_sigmas_type") == "zero" || configuration.bool("euler_at_final")
    if step == count - 1 && (lowersEnd || endsFlat) { return 1 }
    return min(step + 1, solver.order, step == count - 2 && lowersEnd ? 2 : 3)
  }

  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {}

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try scale.addedNoise(to: clean, noise: noise, level: levels[step])
  }
}
