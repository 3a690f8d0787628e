import MoonTensor

/// A linear multistep method in the noise level over the last four slopes.
///
/// - Source: k-diffusion's linear multistep sampling; `Fixtures/schedulers/lms.safetensors`.
struct LMSScheduler: Scheduler {
  let className: String
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  var sigmas: [Double] { levels.map(Double.init) }
  var initialNoiseScale: Float { SigmaSteps.initialScale(levels, steps.spacing) }

  private static let order = 4
  private let steps: SigmaPlan
  private let prediction: PredictionType
  private var levels: [Float] = []
  /// Slopes of the last steps, the newest first.
  private var slopes: [Tensor] = []
  private var lastStep: Int?

  /// A scheduler without steps, from a configuration of LMS.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    className = configuration.kind.className
    steps = try SigmaPlan(configuration)
    prediction = PredictionType(configuration)
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    let planned = try steps.steps(plan)
    timesteps = planned.times
    levels = planned.levels + [0]
    inferenceStepCount = timesteps.count
    restart()
  }

  mutating func restart() {
    slopes = []
    lastStep = nil
  }

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
    let clean = try SigmaSteps.clean(prediction, latents, output, sigma: sigma, raised: sigma)
    let slope = try SigmaSteps.slope(latents, clean, sigma: sigma)
    let follows = lastStep.map { $0 + 1 == step } ?? true
    let known = [slope] + (follows ? slopes.prefix(Self.order - 1) : [])
    let weights = Self.weights(levels[(step - known.count + 1)...step].reversed(), end: levels[step + 1])
    let moved = try onTensors { () throws(TensorError) in
      try Tensor.linearCombination([(1, latents)] + zip(weights, known).map { ($0, $1) })
    }
    slopes = known
    lastStep = step
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  /// Integrals from the newest of `levels`, which is the first, to `end` of the polynomials that are 1 at one level and
  /// 0 at the others.
  private static func weights(_ levels: [Float], end: Float) -> [Float] {
    let points = levels.map(Double.init)
    guard let newest = points.first else { return [] }
    let middle = (newest + Double(end)) / 2
    let half = (Double(end) - newest) / 2
    // Gauss's rule of two points is exact for cubic polynomials.
    let nodes = [-1, 1].map { middle + $0 * half / 3.0.squareRoot() }
    return points.indices.map { own in
      let values = nodes.map { node in
        points.indices.reduce(1.0) { product, other in
          other == own ? product : product * (node - points[other]) / (points[own] - points[other])
        }
      }
      return Float(half * (values[0] + values[1]))
    }
  }

  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {}

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try SigmaSteps.addedNoise(to: clean, noise: noise, sigma: levels[step])
  }
}
