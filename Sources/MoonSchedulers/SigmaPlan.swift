internal import Foundation

/// Training times and noise levels of the schedulers whose latents are `clean + sigma * noise`: LMS, Heun, KDPM2.
struct SigmaPlan: Sendable {
  let spacing: TimestepSpacing
  private let curve: SigmaCurve
  private let className: String
  private let trainCount: Int
  private let offset: Int
  private let form: SigmaForm?

  /// Steps of a configuration.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    className = configuration.kind.className
    let schedule = try NoiseSchedule(configuration)
    curve = SigmaCurve(schedule)
    trainCount = schedule.count
    spacing = TimestepSpacing(configuration)
    offset = configuration.integer("steps_offset")
    form = try SigmaForm.wanted(by: configuration)
  }

  /// Training times of whole steps, and their noise levels, each above 0 and below the one before.
  ///
  /// `takesTimes` says whether the scheduler follows a list of training times, `roundsKarras` whether the times of
  /// Karras' levels are whole.
  func steps(
    _ plan: StepPlan, takesTimes: Bool = false, roundsKarras: Bool = false
  ) throws(SchedulerError) -> (times: [Double], levels: [Float]) {
    var times: [Double]
    if takesTimes, case .timesteps(let list) = plan {
      if form != nil {
        throw .notSupported(
          scheduler: className, setting: "a list of timesteps", reason: "the configuration makes its own")
      }
      try SigmaSteps.check(timesteps: list, below: trainCount, of: className)
      times = list.map(Double.init)
    } else {
      times = try SigmaSteps.times(plan, spacing: spacing, trainCount: trainCount, offset: offset, of: className)
    }
    var levels = times.map { curve.sigma(at: $0) }
    if let form, let highest = levels.first, let lowest = levels.last {
      levels = form.sigmas(count: times.count, highest: highest, lowest: lowest)
      times = levels.map { curve.time(of: $0) }
      if form == .karras && roundsKarras { times = times.map { $0.rounded(.toNearestOrEven) } }
    }
    let rounded = levels.map { Float($0) }
    try SigmaSteps.checkPositive(rounded[...], of: className, count: times.count)
    for (level, next) in zip(rounded, rounded.dropFirst()) where level == next {
      throw .badStepCount(
        scheduler: className, found: times.count, wanted: "one without two steps at the same noise level \(level)")
    }
    return (times.map { Double(Float($0)) }, rounded)
  }

  /// The training time of a noise level.
  func time(of level: Float) -> Double { Double(Float(curve.time(of: Double(level)))) }
}
