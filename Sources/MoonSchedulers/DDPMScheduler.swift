internal import Foundation
import MoonTensor

/// Denoising diffusion probabilistic models: the mean of the posterior, and its whole variance as fresh noise.
///
/// - Source: arXiv 2006.11239, formulas 6 and 7; `Fixtures/schedulers/ddpm.safetensors`.
struct DDPMScheduler: Scheduler {
  let className: String
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  private(set) var sigmas: [Double] = []
  let initialNoiseScale: Float = 1

  /// The variance of the fresh noise.
  private enum Variance: String {
    /// That of the posterior.
    case small = "fixed_small"
    /// The same, its root taken by way of the logarithm.
    case smallLogarithm = "fixed_small_log"
    /// That of the forward step.
    case large = "fixed_large"
  }

  private let schedule: NoiseSchedule
  private let spacing: TimestepSpacing
  private let offset: Int
  private let prediction: PredictionType
  private let limit: CleanLimit?
  private let variance: Variance
  private var times: [Int] = []

  /// A scheduler without steps, from a configuration of DDPM.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    className = configuration.kind.className
    schedule = try NoiseSchedule(configuration, keepsZero: true)
    spacing = TimestepSpacing(configuration)
    offset = configuration.integer("steps_offset")
    prediction = PredictionType(configuration)
    limit = CleanLimit(configuration)
    let name = configuration.text("variance_type")
    guard let variance = Variance(rawValue: name) else {
      throw .notSupported(
        scheduler: className, setting: "variance_type \(name)",
        reason: name.hasPrefix("learned") ? "the network predicts no variance" : "its logarithm has no square root")
    }
    self.variance = variance
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    let planned: [Int]
    if case .timesteps(let list) = plan {
      try SigmaSteps.check(timesteps: list, below: schedule.count, of: className)
      planned = list
    } else {
      let count = try plan.count(maximum: schedule.count, of: className)
      planned = try spacing.wholeTimes(count: count, schedule: schedule, offset: offset, scheduler: className)
    }
    if prediction == .epsilon { try schedule.checkSignal(at: planned, of: className) }
    times = planned
    inferenceStepCount = planned.count
    timesteps = planned.map(Double.init)
    sigmas = planned.map { NoiseSchedule.sigma(ofAlpha: schedule.cumulativeAlphas[$0]) } + [0]
  }

  mutating func restart() {}

  func scaledModelInput(_ latents: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return latents
  }

  mutating func step(
    _ latents: Tensor, prediction output: Tensor, at step: Int, options: StepOptions,
    noise: (_ shape: [Int]) throws(TensorError) -> Tensor
  ) throws(SchedulerError) -> SchedulerStep {
    try checkScheduled(step)
    let alpha = schedule.cumulativeAlphas[times[step]]
    let nextAlpha = step + 1 < times.count ? schedule.cumulativeAlphas[times[step + 1]] : 1
    let stepAlpha = alpha / nextAlpha
    var clean = try prediction.clean(alpha: alpha.squareRoot(), sigma: (1 - alpha).squareRoot()).sum(latents, output)
    if let limit { clean = try limit.applied(to: clean) }
    let terms: [(Float, Tensor)] = [
      (nextAlpha.squareRoot() * (1 - stepAlpha) / (1 - alpha), clean),
      (stepAlpha.squareRoot() * (1 - nextAlpha) / (1 - alpha), latents),
    ]
    let deviation = deviation(alpha: alpha, nextAlpha: nextAlpha, stepAlpha: stepAlpha)
    let moved = try onTensors { () throws(TensorError) in
      let drawn: [(Float, Tensor)] = times[step] > 0 ? [(deviation, try noise(output.shape))] : []
      return try Tensor.linearCombination(terms + drawn)
    }
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  /// Standard deviation of the fresh noise.
  private func deviation(alpha: Float, nextAlpha: Float, stepAlpha: Float) -> Float {
    let small = max((1 - nextAlpha) / (1 - alpha) * (1 - stepAlpha), 1e-20)
    return switch variance {
    case .small: small.squareRoot()
    case .smallLogarithm: exp(0.5 * log(small))
    case .large: (1 - stepAlpha).squareRoot()
    }
  }

  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {}

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try schedule.addedNoise(to: clean, noise: noise, time: times[step])
  }
}
