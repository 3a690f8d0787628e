import MoonTensor

/// What the schedulers share whose latents are `clean + sigma * noise`.
enum SigmaSteps {
  /// Training times of a plan by count, rounded to float32 as the reference holds them.
  static func times(
    _ plan: StepPlan, spacing: TimestepSpacing, trainCount: Int, offset: Int, of scheduler: String
  ) throws(SchedulerError) -> [Double] {
    let maximum = spacing == .leading ? trainCount : NoiseSchedule.maximumSteps
    let count = try plan.count(maximum: maximum, of: scheduler)
    return spacing.times(count: count, trainCount: trainCount, last: trainCount, divisor: count, offset: offset)
      .map { Double(Float($0)) }
  }

  /// What noise is multiplied by at the start: the highest level, or the deviation of latents at that level.
  static func initialScale(_ levels: [Float], _ spacing: TimestepSpacing) -> Float {
    guard let highest = levels.max() else { return 1 }
    return spacing == .leading ? (highest * highest + 1).squareRoot() : highest
  }

  /// Latents divided by their standard deviation.
  static func scaledInput(_ latents: Tensor, sigma: Float) throws(SchedulerError) -> Tensor {
    try onTensors { () throws(TensorError) in
      try Tensor.linearCombination([(1 / (sigma * sigma + 1).squareRoot(), latents)])
    }
  }

  /// The predicted clean latents; `raised` is the level of the latents after churning.
  static func clean(
    _ prediction: PredictionType, _ latents: Tensor, _ output: Tensor, sigma: Float, raised: Float
  ) throws(SchedulerError) -> Tensor {
    let weights =
      switch prediction {
      case .sample: PredictionType.Weights(latents: 0, output: 1)
      case .velocity:
        PredictionType.Weights(
          latents: 1 / (sigma * sigma + 1), output: -sigma / (sigma * sigma + 1).squareRoot())
      case .epsilon, .flow: PredictionType.Weights(latents: 1, output: -raised)
      }
    return try weights.sum(latents, output)
  }

  /// The slope of the latents in the noise level, which is the predicted noise.
  ///
  /// The difference is taken first, as in the reference: it is exact where clean latents are large and the level is low.
  static func slope(_ latents: Tensor, _ clean: Tensor, sigma: Float) throws(SchedulerError) -> Tensor {
    try onTensors { () throws(TensorError) in
      let difference = try Tensor.linearCombination([(1, latents), (-1, clean)])
      return try Tensor.linearCombination([(1 / sigma, difference)])
    }
  }

  /// Clean latents with noise of the level `sigma` added.
  static func addedNoise(to clean: Tensor, noise: Tensor, sigma: Float) throws(SchedulerError) -> Tensor {
    try onTensors { () throws(TensorError) in try Tensor.linearCombination([(1, clean), (sigma, noise)]) }
  }

  /// Throws unless each level at which the network is asked is above 0 and finite.
  static func checkPositive(_ levels: ArraySlice<Float>, of scheduler: String, count: Int) throws(SchedulerError) {
    if let level = levels.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw .badStepList(
        scheduler: scheduler, reason: "\(count) steps would start one at the noise level \(level), wanted one above 0")
    }
  }

  /// Throws unless `sigmas` fall from step to step and end at 0 or above.
  static func check(sigmas: [Double], of scheduler: String) throws(SchedulerError) {
    if sigmas.count < 2 || sigmas.count > NoiseSchedule.maximumSteps {
      throw .badStepList(scheduler: scheduler, reason: "a list of sigmas has at least two, the last for the end")
    }
    for (level, next) in zip(sigmas, sigmas.dropFirst()) where !(level > next && next >= 0 && level.isFinite) {
      throw .badStepList(
        scheduler: scheduler, reason: "sigmas fall and stay at 0 or above, but \(next) follows \(level)")
    }
  }

  /// Throws unless `timesteps` fall from step to step within the training times.
  static func check(timesteps: [Int], below trainCount: Int, of scheduler: String) throws(SchedulerError) {
    guard let first = timesteps.first, let last = timesteps.last else {
      throw .badStepList(scheduler: scheduler, reason: "a list of timesteps has at least one")
    }
    for time in [first, last] where !(0..<trainCount).contains(time) {
      throw .badStepList(scheduler: scheduler, reason: "timestep \(time) lies outside 0...\(trainCount - 1)")
    }
    for (time, next) in zip(timesteps, timesteps.dropFirst()) where next >= time {
      throw .badStepList(scheduler: scheduler, reason: "timesteps fall, but \(next) follows \(time)")
    }
  }
}
