internal import Foundation
import MoonTensor

/// Euler's method in the noise level.
///
/// - Source: arXiv 2206.00364, algorithm 2, Euler part; `Fixtures/schedulers/euler.safetensors`.
struct EulerScheduler: Scheduler {
  let className: String
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  var sigmas: [Double] { levels.prefix(timesteps.count + 1).map(Double.init) }
  var initialNoiseScale: Float { SigmaSteps.initialScale(levels, spacing) }

  private let configuration: SchedulerConfiguration
  private let curve: SigmaCurve
  private let trainCount: Int
  private let spacing: TimestepSpacing
  private let prediction: PredictionType
  private let form: SigmaForm?
  /// The reference's list: as long as `sigmas`; one longer with logarithmic interpolation of discrete times.
  private var levels: [Float] = []

  /// A scheduler without steps, from a configuration of Euler.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    self.configuration = configuration
    className = configuration.kind.className
    let schedule = try NoiseSchedule(configuration)
    curve = SigmaCurve(schedule)
    trainCount = schedule.count
    spacing = TimestepSpacing(configuration)
    prediction = PredictionType(configuration)
    form = try SigmaForm.wanted(by: configuration)
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    var times: [Double]
    var planned: [Double]
    if case .sigmas(let list) = plan {
      try SigmaSteps.check(sigmas: list, of: className)
      planned = list.map { Double(Float($0)) }
      times = planned.dropLast().map { curve.time(of: $0) }
    } else {
      (times, planned) = try levelsOfTimes(plan)
      planned.append(configuration.text("final_sigmas_type") == "zero" ? 0 : Double(curve.lowest))
    }
    let rounded = planned.map { Float($0) }
    try SigmaSteps.checkPositive(rounded.dropLast(), of: className, count: times.count)
    inferenceStepCount = times.count
    levels = rounded
    if isContinuous { times = rounded.dropLast().map { Double(0.25 * log($0)) } }
    timesteps = times.map { Double(Float($0)) }
  }

  /// Training times and noise levels of a plan by count or by training times.
  private func levelsOfTimes(_ plan: StepPlan) throws(SchedulerError) -> (times: [Double], levels: [Double]) {
    var times: [Double]
    if case .timesteps(let list) = plan {
      if form != nil || isContinuous {
        throw .notSupported(
          scheduler: className, setting: "a list of timesteps", reason: "the configuration makes its own")
      }
      try SigmaSteps.check(timesteps: list, below: trainCount, of: className)
      times = list.map(Double.init)
    } else {
      times = try SigmaSteps.times(
        plan, spacing: spacing, trainCount: trainCount, offset: configuration.integer("steps_offset"), of: className)
    }
    let count = times.count
    var levels = times.map { curve.sigma(at: $0) }
    if configuration.text("interpolation_type") == "log_linear" {
      levels = NoiseSchedule.linearSpace(log(curve.highest), log(curve.lowest), count + 1).map { Double(exp($0)) }
    }
    if let form, let highest = levels.first, let lowest = levels.last {
      levels = form.sigmas(
        count: count, highest: configuration.optionalNumber("sigma_max") ?? highest,
        lowest: configuration.optionalNumber("sigma_min") ?? lowest)
      times = levels.map { curve.time(of: $0) }
    }
    return (times, levels)
  }

  private var isContinuous: Bool {
    prediction == .velocity && configuration.text("timestep_type") == "continuous"
  }

  mutating func restart() {}

  func scaledModelInput(_ latents: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try SigmaSteps.scaledInput(latents, sigma: levels[step])
  }

  mutating func step(
    _ latents: Tensor, prediction output: Tensor, at step: Int, options: StepOptions,
    noise: (_ shape: [Int]) throws(TensorError) -> Tensor
  ) throws(SchedulerError) -> SchedulerStep {
    try checkScheduled(step)
    let sigma = levels[step]
    let churn = options.churn
    let gain =
      churn.range.contains(sigma) ? Float(min(churn.amount / Double(levels.count - 1), 2.0.squareRoot() - 1)) : 0
    let raised = sigma * (gain + 1)
    var start = latents
    if gain > 0 {
      let weight = (raised * raised - sigma * sigma).squareRoot() * churn.scale
      start = try onTensors { () throws(TensorError) in
        try Tensor.linearCombination([(1, latents), (weight, try noise(output.shape))])
      }
    }
    let clean = try SigmaSteps.clean(prediction, start, output, sigma: sigma, raised: raised)
    let ratio = levels[step + 1] / raised
    let moved = try onTensors { [start] () throws(TensorError) in
      try Tensor.linearCombination([(ratio, start), (1 - ratio, clean)])
    }
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {}

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try SigmaSteps.addedNoise(to: clean, noise: noise, sigma: levels[step])
  }
}
