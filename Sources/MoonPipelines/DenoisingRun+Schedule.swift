internal import MoonSchedulers
public import MoonTensor

/// A way back in the schedule: restart sampling (arXiv 2306.14878).
public struct StepJump: Sendable {
  /// The step to go on with.
  public let step: Int
  /// Standard normal noise of the latents' shape, which raises them to the noise level of that step.
  public let noise: Tensor
}

/// What callbacks may change of the schedule.
extension DenoisingRun {
  /// How many times its planned steps a run may take, jumps and new plans included.
  public static let stepFactor = 4

  /// Goes on with an earlier step after the one that runs: the latents are raised to its noise level with fresh noise.
  ///
  /// Where the level at the end of the step is `from`, and of latents `x = s * clean + n * noise` the factors `s` and `n`
  /// are known at both levels, the new latents are `r * x + sqrt(n_to^2 - r^2 * n_from^2) * noise` with
  /// `r = s_to / s_from`. The last jump asked for in a step counts.
  ///
  /// - Parameters:
  ///   - step: A step that has run, or the one that runs.
  ///   - noise: Standard normal noise, `[batch, channels, height, width]`.
  /// - Throws: `PipelineError.badRequest` when the step has not run yet, or the run would take more than `stepFactor`
  ///   times its steps; `.untimely`, `.badShape`.
  public func jumpBack(to step: Int, noise: Tensor) throws {
    func refuse(_ detail: String) -> PipelineError { .badRequest(option: "step", detail: detail) }
    if self.step < 0 || isOver { throw PipelineError.untimely(detail: "no step is running") }
    if step < 0 || step > self.step { throw refuse("\(step) is outside 0..\(self.step), the steps that have run") }
    if noise.shape != latentsShape {
      throw PipelineError.badShape(name: "noise", found: noise.shape, wanted: [latentsShape])
    }
    let total = stepsTaken + (level == self.step + 1 ? 0 : 1) + timestepCount - step
    if total > maximumStepCount {
      throw refuse("the run would take \(total) steps, the limit is \(maximumStepCount)")
    }
    state.jump = StepJump(step: step, noise: try noise.copied())
  }

  /// Plans the steps to come anew. A solver of several steps begins afresh.
  ///
  /// - Parameter levels: Falling noise levels: the one at which the latents are, which before the first step may be
  ///   another than planned, then one for each step to come; the last is where the run ends.
  /// - Throws: `PipelineError.badRequest` when the first level is not the present one, or the run would take more than
  ///   `stepFactor` times its steps; `.untimely`; `SchedulerError` for levels that do not fall, and from
  ///   schedulers that take no list.
  public func setFutureSigmas(_ levels: [Double]) throws {
    func refuse(_ detail: String) -> PipelineError { .badRequest(option: "sigmas", detail: detail) }
    guard let level else { throw PipelineError.untimely(detail: "the schedule cannot change while a step is computed") }
    if level >= timestepCount { throw PipelineError.untimely(detail: "no step is to come") }
    if levels.count < 2 { throw refuse("a step needs two levels, where it starts and where it ends") }
    let isStart = step < 0 && startsFromNoise
    // A jump that was asked for runs the steps before this level once more.
    let total = stepsTaken + levels.count - 1 + (state.jump.map { level - $0.step } ?? 0)
    if total > maximumStepCount {
      throw refuse("the run would take \(total) steps, the limit is \(maximumStepCount)")
    }
    var planned = scheduler
    let present = isStart ? Array(levels.prefix(1)) : [sigmas[level]]
    try planned.plan(.sigmas(Array(sigmas[..<level]) + present + levels.dropFirst()))
    if let first = levels.first, !isStart, abs(first - sigmas[level]) > 1e-5 * sigmas[level] {
      throw refuse("the first is \(first), but the latents are at \(sigmas[level])")
    }
    if isStart { state.latents = try state.latents * (planned.initialNoiseScale / scheduler.initialNoiseScale) }
    scheduler = planned
    window = planned.timesteps.indices
    scheduled = nil
  }

  /// The step after the one that ran, jumps taken.
  func nextStep() throws -> Int {
    guard let jump = state.jump else { return step + 1 }
    state.jump = nil
    if state.isInterrupted { return step + 1 }
    let from = try factors(at: step + 1)
    let to = try factors(at: jump.step)
    let ratio = to.signal / from.signal
    let missing = max(to.noise * to.noise - ratio * ratio * from.noise * from.noise, 0).squareRoot()
    state.latents = try Tensor.linearCombination([(ratio, state.latents), (missing, jump.noise)])
    scheduler.restart()
    scheduled = nil
    return jump.step
  }

  /// What clean latents are multiplied by at the level `sigmas[level]`, where latents are `signal * (clean + sigma * noise)`.
  ///
  /// - Parameter level: Index in `sigmas`.
  /// - Returns: 1 for schedulers that add noise alone; less than 1 for those that keep the variance.
  /// - Throws: An error of the scheduler.
  public func signal(at level: Int) throws -> Double { Double(try factors(at: level).signal) }

  /// What clean latents and standard normal noise are multiplied by at the level `sigmas[level]`.
  func factors(at level: Int) throws -> (signal: Float, noise: Float) {
    let one = try Tensor(scalar: 1)
    let zero = try Tensor(scalar: 0)
    func known(_ step: Int) throws -> (signal: Float, noise: Float) {
      (
        try scheduler.addedNoise(to: one, noise: zero, at: scheduledIndex(step)).item(),
        try scheduler.addedNoise(to: zero, noise: one, at: scheduledIndex(step)).item()
      )
    }
    if level < timestepCount { return try known(level) }
    // The end of the run has no step of its own: its latents are scaled as those of the last step are, or not at all.
    let sigma = Float(sigmas[level])
    let isScaled = try known(timestepCount - 1).signal != 1
    let signal = isScaled ? 1 / (1 + sigma * sigma).squareRoot() : 1
    return (signal, signal * sigma)
  }
}
