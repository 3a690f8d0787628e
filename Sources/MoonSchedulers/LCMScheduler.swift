internal import Foundation
import MoonTensor

/// The sampler of latent consistency models: each prediction is taken for the clean latents, and fresh noise brings them
/// up to the next level.
///
/// The timesteps are some of the `original_inference_steps` that such a model was distilled at.
///
/// - Source: arXiv 2310.04378, algorithm 4 with the boundary scalings of arXiv 2303.01469;
///   `Fixtures/schedulers/lcm.safetensors`.
struct LCMScheduler: Scheduler {
  let className: String
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  private(set) var sigmas: [Double] = []
  let initialNoiseScale: Float = 1

  /// Standard deviation of clean latents that the boundary scalings assume.
  private static let dataDeviation: Float = 0.5
  private let schedule: NoiseSchedule
  private let originalCount: Int
  private let scaling: Float
  private let prediction: PredictionType
  private let limit: CleanLimit?
  private var times: [Int] = []

  /// A scheduler without steps, from a configuration of LCM.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    className = configuration.kind.className
    schedule = try NoiseSchedule(configuration, keepsZero: true)
    originalCount = configuration.integer("original_inference_steps")
    scaling = Float(configuration.number("timestep_scaling"))
    prediction = PredictionType(configuration)
    limit = CleanLimit(configuration)
    if originalCount > schedule.count {
      throw .notSupported(
        scheduler: className, setting: "original_inference_steps \(originalCount)",
        reason: "num_train_timesteps is \(schedule.count)")
    }
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    let planned: [Int]
    if case .timesteps(let list) = plan {
      try SigmaSteps.check(timesteps: list, below: schedule.count, of: className)
      planned = list
    } else {
      let count = try plan.count(maximum: originalCount, of: className)
      let stride = schedule.count / originalCount
      let spacing = Double(originalCount) / Double(count)
      planned = (0..<count).map { (originalCount - Int(Double($0) * spacing)) * stride - 1 }
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
    var clean = try prediction.clean(alpha: alpha.squareRoot(), sigma: (1 - alpha).squareRoot()).sum(latents, output)
    if let limit { clean = try limit.applied(to: clean) }
    let limited = clean
    let time = Float(times[step]) * scaling
    let variance = Self.dataDeviation * Self.dataDeviation
    let cleanWeight = time / (time * time + variance).squareRoot()
    let latentWeight = variance / (time * time + variance)
    let denoised = try onTensors { () throws(TensorError) in
      try Tensor.linearCombination([(cleanWeight, limited), (latentWeight, latents)])
    }
    if step + 1 == times.count { return SchedulerStep(latents: denoised, predictedOriginal: denoised) }
    let nextAlpha = schedule.cumulativeAlphas[times[step + 1]]
    let moved = try onTensors { () throws(TensorError) in
      try Tensor.linearCombination([
        (nextAlpha.squareRoot(), denoised), ((1 - nextAlpha).squareRoot(), try noise(output.shape)),
      ])
    }
    return SchedulerStep(latents: moved, predictedOriginal: denoised)
  }

  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {}

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try schedule.addedNoise(to: clean, noise: noise, time: times[step])
  }
}
