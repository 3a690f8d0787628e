import MoonTensor

/// Pseudo numerical methods for diffusion models: a linear multistep method over four predictions of the noise, with or
/// without a Runge-Kutta start.
///
/// Without the start (`skip_prk_steps`) the second timestep is taken twice: the first prediction there only corrects the
/// step that led to it. So N steps have N + 1 timesteps; with the start, which asks four times a step, N + 9.
///
/// A run that begins at a later step corrects its second step likewise, as in the reference, although the timesteps tell
/// no step twice there; with the Runge-Kutta start, whose stages the reference then mixes up, it begins with plain steps.
///
/// - Source: arXiv 2202.09778, formulas 9, 12 and 13; `Fixtures/schedulers/pndm.safetensors`.
struct PNDMScheduler: Scheduler {
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
  private let skipsRungeKutta: Bool
  private var times: [Int] = []
  private var rungeKuttaCount = 0
  private var stride = 1
  private var memory = Memory()

  /// What one step leaves for the next.
  private struct Memory {
    /// Steps taken since the start.
    var count = 0
    /// The step taken last.
    var lastStep: Int?
    /// Network outputs of whole steps, the newest last.
    var outputs: [Tensor] = []
    /// The weighted sum of a Runge-Kutta step so far.
    var partialSum: Tensor?
    /// Latents at the start of a step that takes several predictions.
    var start: Tensor?
    /// Weight of `start` in the latents returned last.
    var startWeight: Float = 1
    /// Whether the run was taken up again at a later step, where no start of several predictions fits.
    var isResumed = false
  }

  /// A scheduler without steps, from a configuration of PNDM.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    className = configuration.kind.className
    schedule = try NoiseSchedule(configuration)
    finalAlpha = configuration.bool("set_alpha_to_one") ? 1 : schedule.cumulativeAlphas[0]
    spacing = TimestepSpacing(configuration)
    offset = configuration.integer("steps_offset")
    prediction = PredictionType(configuration)
    skipsRungeKutta = configuration.bool("skip_prk_steps")
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    let count = try plan.count(maximum: schedule.count, of: className)
    if !skipsRungeKutta && count < 4 {
      throw .badStepCount(scheduler: className, found: count, wanted: "at least 4 with the Runge-Kutta start")
    }
    let falling = try spacing.wholeTimes(count: count, schedule: schedule, offset: offset, scheduler: className)
    stride = schedule.count / count
    if skipsRungeKutta {
      rungeKuttaCount = 0
      times = count < 2 ? falling : [falling[0], falling[1]] + falling.dropFirst()
    } else {
      let start = Self.rungeKuttaTimes(falling.prefix(4), half: stride / 2)
      rungeKuttaCount = start.count
      times = start + falling.dropFirst(3)
    }
    inferenceStepCount = count
    timesteps = times.map(Double.init)
    sigmas = (times.map { schedule.cumulativeAlphas[$0] } + [finalAlpha]).map { NoiseSchedule.sigma(ofAlpha: $0) }
    restart()
  }

  /// Times of three Runge-Kutta steps between four `whole` times: each start, twice its middle, then its end.
  private static func rungeKuttaTimes(_ whole: ArraySlice<Int>, half: Int) -> [Int] {
    zip(whole, whole.dropFirst()).flatMap { [$0, $1 + half, $1 + half, $1] }
  }

  mutating func restart() { memory = Memory() }

  func scaledModelInput(_ latents: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return latents
  }

  mutating func step(
    _ latents: Tensor, prediction output: Tensor, at step: Int, options: StepOptions,
    noise: (_ shape: [Int]) throws(TensorError) -> Tensor
  ) throws(SchedulerError) -> SchedulerStep {
    try checkScheduled(step)
    var next = memory
    if let last = memory.lastStep {
      if last + 1 != step { next = Memory(isResumed: step > 0) }
    } else if step > 0 && rungeKuttaCount > 0 {
      next = Memory(isResumed: true)
    }
    let alpha = schedule.cumulativeAlphas[times[step]]
    let clean = try prediction.clean(alpha: alpha.squareRoot(), sigma: (1 - alpha).squareRoot()).sum(latents, output)
    let moved =
      next.isResumed
      ? try resumedStep(&next, latents, output, step: step)
      : next.count < rungeKuttaCount
        ? try rungeKuttaStep(&next, latents, output, time: times[step])
        : try multistep(&next, latents, output, time: times[step])
    next.count += 1
    next.lastStep = step
    memory = next
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  /// One of the four predictions of a Runge-Kutta step.
  private func rungeKuttaStep(
    _ memory: inout Memory, _ latents: Tensor, _ output: Tensor, time: Int
  ) throws(SchedulerError) -> Tensor {
    let stage = memory.count % 4
    let target = stage % 2 == 0 ? time - stride / 2 : time
    let share: Float = stage == 0 || stage == 3 ? 1 / 6 : 1 / 3
    var shares: [(Float, Tensor)] = [(share, output)]
    if let partialSum = memory.partialSum { shares.append((1, partialSum)) }
    let sum = try onTensors { [shares] () throws(TensorError) in try Tensor.linearCombination(shares) }
    if stage == 0 {
      memory.outputs.append(output)
      memory.start = latents
    }
    memory.partialSum = stage == 3 ? nil : sum
    return try moved(
      &memory, from: memory.start ?? latents, along: [(1, stage == 3 ? sum : output)],
      time: times[memory.count / 4 * 4], to: target)
  }

  /// A step of the linear multistep method, or the correction of the first one.
  private func multistep(
    _ memory: inout Memory, _ latents: Tensor, _ output: Tensor, time: Int
  ) throws(SchedulerError) -> Tensor {
    if memory.count == 1, let first = memory.outputs.last, let start = memory.start {
      let result = try moved(&memory, from: start, along: [(0.5, output), (0.5, first)], time: time + stride, to: time)
      memory.start = nil
      return result
    }
    memory.start = memory.count == 0 ? latents : nil
    return try multistepAlongMemory(&memory, latents, output, time: time)
  }

  /// A step along as many of the last four outputs as there are.
  private func multistepAlongMemory(
    _ memory: inout Memory, _ latents: Tensor, _ output: Tensor, time: Int
  ) throws(SchedulerError) -> Tensor {
    memory.outputs = memory.outputs.suffix(3) + [output]
    let newestFirst = Array(memory.outputs.reversed())
    let weights: [Float] =
      switch newestFirst.count {
      case 1: [1]
      case 2: [3 / 2, -1 / 2]
      case 3: [23 / 12, -16 / 12, 5 / 12]
      default: [55 / 24, -59 / 24, 37 / 24, -9 / 24]
      }
    return try moved(
      &memory, from: latents, along: Array(zip(weights, newestFirst)), time: time, to: time - stride)
  }

  /// A step of a run that was taken up again: straight to the next timestep while the steps are uneven, then multistep.
  private func resumedStep(
    _ memory: inout Memory, _ latents: Tensor, _ output: Tensor, step: Int
  ) throws(SchedulerError) -> Tensor {
    let time = times[step]
    let firstEven = max(rungeKuttaCount, 2)
    if step >= firstEven || step + 1 == times.count {
      return try multistepAlongMemory(&memory, latents, output, time: time)
    }
    if times[step + 1] == time { return latents }
    return try moved(&memory, from: latents, along: [(1, output)], time: time, to: times[step + 1])
  }

  /// Latents carried from one training time to another along a weighted sum of network outputs: formula 9.
  private func moved(
    _ memory: inout Memory, from latents: Tensor, along outputs: [(Float, Tensor)], time: Int, to target: Int
  ) throws(SchedulerError) -> Tensor {
    let alpha = schedule.cumulativeAlphas[min(time, schedule.count - 1)]
    let nextAlpha = target >= 0 ? schedule.cumulativeAlphas[target] : finalAlpha
    let variance = 1 - alpha
    let denominator = alpha * (1 - nextAlpha).squareRoot() + (alpha * variance * nextAlpha).squareRoot()
    let noiseWeight = -(nextAlpha - alpha) / denominator
    let weights = prediction.noise(alpha: alpha.squareRoot(), sigma: variance.squareRoot())
    let startWeight = (nextAlpha / alpha).squareRoot() + noiseWeight * weights.latents
    memory.startWeight = startWeight
    return try onTensors { () throws(TensorError) in
      try Tensor.linearCombination(
        [(startWeight, latents)] + outputs.map { (noiseWeight * weights.output * $0.0, $0.1) })
    }
  }

  /// Moves the kept start of a step that takes several predictions, so that the next prediction corrects a step that
  /// ended in `new`: what the reference overwrites with latents computed from the old start.
  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {
    guard step == memory.lastStep, let start = memory.start, !isStepComplete else { return }
    memory.start = try LatentEdit(from: old, to: new).moved(start, weight: 1 / memory.startWeight)
  }

  /// Whether the next prediction starts a step of its own.
  private var isStepComplete: Bool {
    memory.count <= rungeKuttaCount ? memory.count % 4 == 0 : !(skipsRungeKutta && memory.count == 1)
  }

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try schedule.addedNoise(to: clean, noise: noise, time: times[step])
  }
}
