import MoonTensor

/// Denoising diffusion implicit models: one first-order step a prediction, with as much fresh noise as `eta` says.
///
/// - Source: arXiv 2010.02502, formulas 12 and 16; `Fixtures/schedulers/ddim.safetensors`.
struct DDIMScheduler: Scheduler {
  let className: String
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  private(set) var sigmas: [Double] = []
  let initialNoiseScale: Float = 1

  private let schedule: NoiseSchedule
  private let finalAlpha: Float
  private let spacing: TimestepSpacing
  private let offset: Int
  private let prediction: PredictionType
  private let limit: CleanLimit?
  private var times: [Int] = []
  private var stride = 1

  /// A scheduler without steps, from a configuration of DDIM.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    className = configuration.kind.className
    schedule = try NoiseSchedule(configuration, keepsZero: true)
    finalAlpha = configuration.bool("set_alpha_to_one") ? 1 : schedule.cumulativeAlphas[0]
    spacing = TimestepSpacing(configuration)
    offset = configuration.integer("steps_offset")
    prediction = PredictionType(configuration)
    limit = CleanLimit(configuration)
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    let count = try plan.count(maximum: schedule.count, of: className)
    let planned = try spacing.wholeTimes(count: count, schedule: schedule, offset: offset, scheduler: className)
    if prediction == .epsilon { try schedule.checkSignal(at: planned, of: className) }
    times = planned
    stride = schedule.count / count
    inferenceStepCount = count
    timesteps = times.map(Double.init)
    sigmas = (times.map { schedule.cumulativeAlphas[$0] } + [finalAlpha]).map { NoiseSchedule.sigma(ofAlpha: $0) }
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
    let next = times[step] - stride
    let nextAlpha = next >= 0 ? schedule.cumulativeAlphas[next] : finalAlpha
    let root = alpha.squareRoot()
    let deviation = (1 - alpha).squareRoot()

    var clean = try prediction.clean(alpha: root, sigma: deviation).sum(latents, output)
    if let limit { clean = try limit.applied(to: clean) }

    let variance = (1 - nextAlpha) / (1 - alpha) * (1 - alpha / nextAlpha)
    let fresh = options.eta * max(variance, 0).squareRoot()
    let direction = max(1 - nextAlpha - fresh * fresh, 0).squareRoot()

    var terms: [(Float, Tensor)] = [(nextAlpha.squareRoot(), clean)]
    if options.usesClippedPrediction {
      terms[0].0 -= direction * root / deviation
      terms.append((direction / deviation, latents))
    } else {
      let weights = prediction.noise(alpha: root, sigma: deviation)
      terms.append((direction * weights.output, output))
      if weights.latents != 0 { terms.append((direction * weights.latents, latents)) }
    }
    let sum = terms
    let moved = try onTensors { () throws(TensorError) in
      let drawn: [(Float, Tensor)] = options.eta > 0 ? [(fresh, try noise(output.shape))] : []
      return try Tensor.linearCombination(sum + drawn)
    }
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {}

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try schedule.addedNoise(to: clean, noise: noise, time: times[step])
  }
}
