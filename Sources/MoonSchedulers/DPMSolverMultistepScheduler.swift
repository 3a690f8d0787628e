internal import Foundation
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
  private let schedule: NoiseSchedule
  private let curve: SigmaCurve
  private let spacing: TimestepSpacing
  private let prediction: PredictionType
  private let limit: CleanLimit?
  private let form: SigmaForm?
  private let solver: DPMSolver
  private var levels: [Float] = []
  /// Converted network outputs, the newest first.
  private var history: [Tensor] = []
  private var lastStep: Int?

  /// A scheduler without steps, from a configuration of DPM-Solver with memory.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    self.configuration = configuration
    className = configuration.kind.className
    schedule = try NoiseSchedule(configuration)
    curve = SigmaCurve(schedule)
    spacing = TimestepSpacing(configuration)
    prediction = PredictionType(configuration)
    limit = CleanLimit(configuration)
    form = try SigmaForm.wanted(by: configuration)
    solver = DPMSolver(configuration)
    try checkCombinations()
  }

  private func checkCombinations() throws(SchedulerError) {
    let algorithm = "algorithm_type \(configuration.text("algorithm_type"))"
    if !solver.predictsClean {
      if configuration.text("final_sigmas_type") == "zero" {
        throw .notSupported(
          scheduler: className, setting: algorithm, reason: "it needs final_sigmas_type sigma_min")
      }
      if prediction == .flow {
        throw .notSupported(scheduler: className, setting: algorithm, reason: "prediction_type is flow_prediction")
      }
    }
    if case .string(let variance) = configuration["variance_type"], variance.hasPrefix("learned") {
      throw .notSupported(
        scheduler: className, setting: "variance_type \(variance)", reason: "the network predicts no variance")
    }
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    var times = try wholeTimes(plan)
    let count = times.count
    var planned: [Double]
    if let form {
      if case .timesteps = plan {
        throw .notSupported(
          scheduler: className, setting: "a list of timesteps", reason: "the configuration makes its own")
      }
      planned = form.sigmas(count: inferenceCount(plan), highest: Double(curve.highest), lowest: Double(curve.lowest))
      times = planned.map { curve.time(of: $0) }
      let isRounded =
        (form == .karras || form == .lu) && configuration.text("beta_schedule") != "squaredcos_cap_v2"
      if isRounded { times = times.map { $0.rounded(.toNearestOrEven) } }
    } else if solver.isFlow {
      planned = flowLevels(count: inferenceCount(plan))
      times = planned.map { $0 * Double(schedule.count) }
    } else {
      planned = times.map { curve.sigma(at: $0) }
    }
    planned.append(configuration.text("final_sigmas_type") == "zero" ? 0 : Double(curve.lowest))
    let rounded = planned.map { Float($0) }
    try check(rounded, count: count)
    if !solver.predictsClean && solver.isStochastic
      && (0..<times.count).contains(where: { order(at: $0, of: times.count) > 2 })
    {
      throw .notSupported(
        scheduler: className, setting: "algorithm_type sde-dpmsolver", reason: "\(count) steps need one of order 3")
    }
    levels = rounded
    timesteps = times.map { $0.rounded(.towardZero) }
    inferenceStepCount = timesteps.count
    restart()
  }

  private func inferenceCount(_ plan: StepPlan) -> Int {
    switch plan {
    case .count(let count): count
    case .timesteps(let list): list.count
    case .sigmas(let list): list.count - 1
    }
  }

  /// Training times of a plan by the configuration's spacing.
  private func wholeTimes(_ plan: StepPlan) throws(SchedulerError) -> [Double] {
    switch plan {
    case .timesteps(let list):
      try SigmaSteps.check(timesteps: list, below: schedule.count, of: className)
      return list.map(Double.init)
    case .sigmas:
      throw .notSupported(
        scheduler: className, setting: "a list of sigmas", reason: "it takes a number of steps or timesteps")
    case .count:
      let last = lastTime
      let maximum = spacing == .leading ? last - 1 : NoiseSchedule.maximumSteps
      let count = try plan.count(maximum: maximum, of: className)
      return spacing.times(
        count: count, trainCount: schedule.count, last: last, divisor: count + 1,
        offset: configuration.integer("steps_offset")
      ).map { $0.rounded(.toNearestOrEven) }
    }
  }

  /// One past the highest training time whose signal-to-noise ratio `lambda_min_clipped` lets pass.
  private var lastTime: Int {
    let least = Float(configuration.number("lambda_min_clipped"))
    let rising = schedule.cumulativeAlphas.reversed().map { log($0.squareRoot()) - log((1 - $0).squareRoot()) }
    return schedule.count - (rising.firstIndex { $0 >= least } ?? schedule.count)
  }

  private func flowLevels(count: Int) -> [Double] {
    let shift = configuration.number("flow_shift")
    return TimestepSpacing.linearSpace(1, 1 / Double(schedule.count), count + 1).dropFirst().reversed().map {
      shift * (1 - $0) / (1 + (shift - 1) * (1 - $0))
    }
  }

  /// Throws where the solver would divide by zero.
  private func check(_ levels: [Float], count: Int) throws(SchedulerError) {
    try SigmaSteps.checkPositive(levels.dropLast(), of: className, count: count)
    if levels.count < 2 {
      throw .badStepCount(scheduler: className, found: count, wanted: "one that leaves a step below lambda_min_clipped")
    }
    for (level, next) in zip(levels.dropLast(), levels.dropFirst().dropLast()) where level == next {
      if solver.order > 1 {
        throw .badStepCount(
          scheduler: className, found: count, wanted: "one without two steps at the same noise level \(level)")
      }
    }
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
    _ latents: Tensor, prediction output: Tensor, at step: Int, options: StepOptions,
    noise: (_ shape: [Int]) throws(TensorError) -> Tensor
  ) throws(SchedulerError) -> SchedulerStep {
    try checkScheduled(step)
    let follows = lastStep.map { $0 + 1 == step } ?? true
    let (clean, converted) = try convert(latents, output, at: step)
    let known = [converted] + (follows ? history.prefix(solver.order - 1) : [])
    let used = min(known.count, order(at: step, of: timesteps.count))
    let coefficients = solver.coefficients(levels: levels, step: step, order: used)
    let moved = try onTensors { () throws(TensorError) in
      var terms: [(Float, Tensor)] = [(coefficients.latents, latents)]
      for (weight, prediction) in zip(coefficients.predictions, known) { terms.append((weight, prediction)) }
      if solver.isStochastic { terms.append((coefficients.noise, try noise(output.shape))) }
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

  /// The predicted clean latents, and what the solver integrates: those or the noise.
  private func convert(
    _ latents: Tensor, _ output: Tensor, at step: Int
  ) throws(SchedulerError) -> (clean: Tensor, converted: Tensor) {
    let (alpha, sigma) = solver.scales(of: levels[step])
    let cleanSigma = prediction == .flow ? levels[step] : sigma
    var clean = try prediction.clean(alpha: alpha, sigma: cleanSigma).sum(latents, output)
    if let limit { clean = try limit.applied(to: clean) }
    if solver.predictsClean { return (clean, clean) }
    if limit != nil {
      let noise = try PredictionType.sample.noise(alpha: alpha, sigma: sigma).sum(latents, clean)
      return (clean, noise)
    }
    return (clean, try prediction.noise(alpha: alpha, sigma: sigma).sum(latents, output))
  }

  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {}

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    let (alpha, sigma) = solver.scales(of: levels[step])
    return try onTensors { () throws(TensorError) in
      try Tensor.linearCombination([(alpha, clean), (sigma, noise)])
    }
  }
}
