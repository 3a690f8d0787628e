import MoonTensor

/// Heun's method in the noise level: a step of Euler, then the same step along the mean of the slopes at both ends.
///
/// N steps have 2 N - 1 timesteps: each step but the last, which ends at level 0, asks the network twice. The latents
/// between the two predictions stand at the end of the step; the second computes them again from its start.
///
/// A run that begins at the second prediction of a step has no first one: the latents stand at the right level already
/// and are left as they are.
///
/// - Source: arXiv 2206.00364, algorithm 1; `Fixtures/schedulers/heun.safetensors`.
struct HeunScheduler: Scheduler {
  let className: String
  let order = 2
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  var sigmas: [Double] { levels.map(Double.init) }
  var initialNoiseScale: Float { SigmaSteps.initialScale(levels, steps.spacing) }

  private let steps: SigmaPlan
  private let prediction: PredictionType
  private let limit: CleanLimit?
  private var levels: [Float] = []
  private var memory: Memory?

  /// What the first prediction of a step leaves for the second.
  private struct Memory {
    var step: Int
    var start: Tensor
    var slope: Tensor
  }

  /// A scheduler without steps, from a configuration of Heun.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    className = configuration.kind.className
    steps = try SigmaPlan(configuration)
    prediction = PredictionType(configuration)
    limit = CleanLimit(configuration)
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    let (times, planned) = try steps.steps(plan, takesTimes: true)
    timesteps = times.prefix(1) + times.dropFirst().flatMap { [$0, $0] }
    levels = planned.prefix(1) + planned.dropFirst().flatMap { [$0, $0] } + [0]
    inferenceStepCount = times.count
    restart()
  }

  mutating func restart() { memory = nil }

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
    var clean = try SigmaSteps.clean(prediction, latents, output, sigma: sigma, raised: sigma)
    if let limit { clean = try limit.applied(to: clean) }
    let slope = try SigmaSteps.slope(latents, clean, sigma: sigma)
    var moved = latents
    if step % 2 == 0 {
      let width = levels[step + 1] - sigma
      moved = try onTensors { () throws(TensorError) in
        try Tensor.linearCombination([(1, latents), (width, slope)])
      }
      memory = Memory(step: step, start: latents, slope: slope)
    } else {
      if let first = memory, first.step == step - 1 {
        let half = (sigma - levels[step - 1]) / 2
        moved = try onTensors { () throws(TensorError) in
          try Tensor.linearCombination([(1, first.start), (half, first.slope), (half, slope)])
        }
      }
      memory = nil
    }
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  /// Moves the kept start of a step, so that its first half, along the same slope, ends in `new`.
  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {
    guard let first = memory, first.step == step else { return }
    memory?.start = try LatentEdit(from: old, to: new).moved(first.start, weight: 1)
  }

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try SigmaSteps.addedNoise(to: clean, noise: noise, sigma: levels[step])
  }
}
