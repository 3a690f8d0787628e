internal import Foundation
import MoonTensor

/// DEIS of order 1 to 3: the exact integral of the polynomial through the last predictions of the noise, in the logarithm
/// of the noise level.
///
/// - Source: arXiv 2204.13902, the variant in log rho; `Fixtures/schedulers/deis.safetensors`.
struct DEISScheduler: Scheduler {
  let className: String
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  var sigmas: [Double] { levels.map(Double.init) }
  let initialNoiseScale: Float = 1

  private let steps: SolverSteps
  private let scale: LevelScale
  private let output: SolverOutput
  private let highestOrder: Int
  private let lowersEnd: Bool
  private var levels: [Float] = []
  /// Predictions of the noise, the newest first.
  private var history: [Tensor] = []
  private var lastStep: Int?

  /// A scheduler without steps, from a configuration of DEIS.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    className = configuration.kind.className
    steps = try SolverSteps(configuration)
    scale = LevelScale(configuration)
    output = SolverOutput(configuration, predictsClean: false)
    highestOrder = configuration.integer("solver_order")
    lowersEnd = configuration.bool("lower_order_final")
    if scale.isFlow || PredictionType(configuration) == .flow {
      throw .notSupported(
        scheduler: className, setting: scale.isFlow ? "use_flow_sigmas" : "prediction_type flow_prediction",
        reason: "flow models are followed by DPM-Solver and UniPC")
    }
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    let planned = try steps.planned(plan)
    levels = planned.levels
    timesteps = planned.timesteps
    inferenceStepCount = timesteps.count
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
    let (clean, integrated) = try output.converted(latents, prediction, level: levels[step])
    let known = [integrated] + (follows ? history.prefix(highestOrder - 1) : [])
    let weights = weights(at: step, order: min(known.count, order(at: step)))
    let start = scale.parts(of: levels[step]).alpha
    let target = scale.parts(of: levels[step + 1]).alpha
    let moved = try onTensors { () throws(TensorError) in
      try Tensor.linearCombination([(target / start, latents)] + zip(weights, known).map { (target * $0, $1) })
    }
    history = known
    lastStep = step
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  /// The highest order that a step may have: lower at the end of a short run.
  private func order(at step: Int) -> Int {
    let left = timesteps.count - step
    return lowersEnd && timesteps.count < 15 ? min(left, highestOrder) : highestOrder
  }

  /// Integrals from the level of `step` to the next one of the polynomials in the logarithm that are 1 at one of the last
  /// `order` levels and 0 at the others; in float32, in the order of the reference's operations, which cancel.
  private func weights(at step: Int, order: Int) -> [Float] {
    let target = scale.parts(of: levels[step + 1])
    let start = scale.parts(of: levels[step])
    if order == 1 {
      let width = scale.lambda(of: levels[step + 1]) - scale.lambda(of: levels[step])
      return [-(target.sigma * (exp(width) - 1)) / target.alpha]
    }
    let ratios = (0..<order).map { index in
      let parts = scale.parts(of: levels[step - index])
      return parts.sigma / parts.alpha
    }
    let end = target.sigma / target.alpha
    let origin = start.sigma / start.alpha
    return (0..<order).map { index in
      let others = (1..<order).map { ratios[(index + $0) % order] }
      let own = ratios[index]
      return Self.antiderivative(end, own: own, others) - Self.antiderivative(origin, own: own, others)
    }
  }

  private static func antiderivative(_ point: Float, own: Float, _ others: [Float]) -> Float {
    let (logPoint, logOwn) = (log(point), log(own))
    let logs = others.map { log($0) }
    if logs.count == 1 { return point * (-logs[0] + logPoint - 1) / (logOwn - logs[0]) }
    let square = logPoint * logPoint
    let product =
      point * (logs[0] * (logs[1] - logPoint + 1) - logs[1] * logPoint + logs[1] + square - 2 * logPoint + 2)
    return product / ((logOwn - logs[0]) * (logOwn - logs[1]))
  }

  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {}

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try scale.addedNoise(to: clean, noise: noise, level: levels[step])
  }
}
