import MoonTensor

/// Euler's method down to a lower noise level than the next one, then fresh noise up to it.
///
/// - Source: arXiv 2206.00364; k-diffusion's ancestral sampling; `Fixtures/schedulers/euler_ancestral.safetensors`.
struct EulerAncestralScheduler: Scheduler {
  let className: String
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  var sigmas: [Double] { levels.map(Double.init) }
  var initialNoiseScale: Float { SigmaSteps.initialScale(levels, spacing) }

  private let curve: SigmaCurve
  private let trainCount: Int
  private let spacing: TimestepSpacing
  private let offset: Int
  private let prediction: PredictionType
  private var levels: [Float] = []

  /// A scheduler without steps, from a configuration of ancestral Euler.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    className = configuration.kind.className
    let schedule = try NoiseSchedule(configuration)
    curve = SigmaCurve(schedule)
    trainCount = schedule.count
    spacing = TimestepSpacing(configuration)
    offset = configuration.integer("steps_offset")
    prediction = PredictionType(configuration)
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    timesteps = try SigmaSteps.times(
      plan, spacing: spacing, trainCount: trainCount, offset: offset, of: className)
    levels = timesteps.map { Float(curve.sigma(at: $0)) } + [0]
    inferenceStepCount = timesteps.count
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
    let next = levels[step + 1]
    let clean = try SigmaSteps.clean(prediction, latents, output, sigma: sigma, raised: sigma)
    let upSquare = next * next * (sigma * sigma - next * next) / (sigma * sigma)
    let up = max(upSquare, 0).squareRoot()
    let down = max(next * next - up * up, 0).squareRoot()
    let ratio = down / sigma
    let moved = try onTensors { () throws(TensorError) in
      try Tensor.linearCombination([(ratio, latents), (1 - ratio, clean), (up, try noise(output.shape))])
    }
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {}

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try SigmaSteps.addedNoise(to: clean, noise: noise, sigma: levels[step])
  }
}
