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
  /// `order` levels and 0 at the others; in float64, as neighbouring levels cancel.
  private func weights(at step: Int, order: Int) -> [Float] {
    let end = Double(levels[step + 1])
    let origin = Double(levels[step])
    return (0..<order).map { index in
      let others = (1..<order).map { log(Double(levels[step - (index + $0) % order])) }
      let scale = others.reduce(1.0) { $0 * (log(Double(levels[step - index])) - $1) }
      return Float((Self.antiderivative(end, others) - Self.antiderivative(origin, others)) / scale)
    }
  }

  /// An antiderivative of the product of `log(point)` less each of up to two numbers.
  private static func antiderivative(_ point: Double, _ zeros: [Double]) -> Double {
    let logPoint = log(point)
    return switch zeros.count {
    case 0: point
    case 1: point * (logPoint - 1 - zeros[0])
    default:
      point * (logPoint * logPoint - (zeros[0] + zeros[1] + 2) * (logPoint - 1) + zeros[0] * zeros[1])
    }
  }

  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {}

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try scale.addedNoise(to: clean, noise: noise, level: levels[step])
  }
}
