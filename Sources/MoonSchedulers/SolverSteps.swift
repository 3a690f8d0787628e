internal import Foundation

/// Training times and noise levels of a run of DPM-Solver, UniPC or DEIS.
struct SolverSteps: Sendable {
  private let configuration: SchedulerConfiguration
  private let className: String
  private let schedule: NoiseSchedule
  private let curve: SigmaCurve
  private let spacing: TimestepSpacing
  private let form: SigmaForm?

  /// Steps of a configuration.
  init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    self.configuration = configuration
    className = configuration.kind.className
    schedule = try NoiseSchedule(configuration)
    curve = SigmaCurve(schedule)
    // DPM-Solver without memory has no such field.
    spacing = configuration["timestep_spacing"] == nil ? .linspace : TimestepSpacing(configuration)
    form = try SigmaForm.wanted(by: configuration)
    if configuration.kind == .unipc && isFlow && form != nil {
      throw .notSupported(
        scheduler: className, setting: "use_flow_sigmas", reason: "other noise levels are asked for besides")
    }
  }

  /// Steps of a run.
  struct Planned: Sendable {
    /// Training times, whole.
    var timesteps: [Double]
    /// Noise levels, one more.
    var levels: [Float]
  }

  /// The steps of a plan, each at a level of its own and above 0.
  func planned(_ plan: StepPlan) throws(SchedulerError) -> Planned {
    var times = try wholeTimes(plan)
    let count = times.count
    var levels: [Double]
    if let form {
      if case .timesteps = plan {
        throw .notSupported(
          scheduler: className, setting: "a list of timesteps", reason: "the configuration makes its own")
      }
      levels = form.sigmas(
        count: inferenceCount(plan),
        highest: configuration.optionalNumber("sigma_max") ?? Double(curve.highest),
        lowest: configuration.optionalNumber("sigma_min") ?? Double(curve.lowest))
      times = levels.map { curve.time(of: $0) }
      if isRounded(form) { times = times.map { $0.rounded(.toNearestOrEven) } }
    } else if isFlow {
      levels = flowLevels(count: inferenceCount(plan))
      times = levels.map { $0 * Double(schedule.count) }
    } else {
      levels = times.map { curve.sigma(at: $0) }
    }
    levels.append(finalLevel(after: levels))
    let rounded = levels.map { Float($0) }
    try check(rounded, count: count)
    return Planned(timesteps: times.map { $0.rounded(.towardZero) }, levels: rounded)
  }

  private var isFlow: Bool { configuration.bool("use_flow_sigmas") }

  private func isRounded(_ form: SigmaForm) -> Bool {
    if form != .karras && form != .lu { return false }
    let isMultistep = className == SchedulerKind.dpmSolverMultistep.className
    return !(isMultistep && configuration.text("beta_schedule") == "squaredcos_cap_v2")
  }

  /// The level that a run ends at; UniPC and DEIS stay at the last of levels that are not those of training times.
  private func finalLevel(after levels: [Double]) -> Double {
    if configuration["final_sigmas_type"] == "zero" { return 0 }
    let staysAtLast = [.unipc, .deis].contains(configuration.kind) && (form != nil || isFlow)
    return staysAtLast ? levels.last ?? 0 : Double(curve.lowest)
  }

  private func inferenceCount(_ plan: StepPlan) -> Int {
    switch plan {
    case .count(let count): count
    case .timesteps(let list): list.count
    case .sigmas(let list): list.count - 1
    }
  }

  /// Training times of a plan by the configuration's spacing.
  private func wholeTimes(_ plan: StepPlan) throws(SchedulerError) -> [Double] {
    switch plan {
    case .timesteps(let list):
      if [.unipc, .deis].contains(configuration.kind) { break }
      try SigmaSteps.check(timesteps: list, below: schedule.count, of: className)
      return list.map(Double.init)
    case .sigmas:
      if [.unipc, .deis].contains(configuration.kind) { break }
      throw .notSupported(
        scheduler: className, setting: "a list of sigmas", reason: "it takes a number of steps or timesteps")
    case .count: break
    }
    let last = lastTime
    let maximum = spacing == .leading ? last - 1 : NoiseSchedule.maximumSteps
    let count = try plan.count(maximum: maximum, of: className)
    return spacing.times(
      count: count, trainCount: schedule.count, last: last, divisor: count + 1,
      offset: configuration["steps_offset"] == nil ? 0 : configuration.integer("steps_offset")
    ).map { $0.rounded(.toNearestOrEven) }
  }

  /// One past the highest training time whose signal-to-noise ratio `lambda_min_clipped` lets pass.
  private var lastTime: Int {
    guard let least = configuration.optionalNumber("lambda_min_clipped").map({ Float($0) }) else {
      return schedule.count
    }
    let rising = schedule.cumulativeAlphas.reversed().map { log($0.squareRoot()) - log((1 - $0).squareRoot()) }
    return schedule.count - (rising.firstIndex { $0 >= least } ?? schedule.count)
  }

  private func flowLevels(count: Int) -> [Double] {
    let shift = configuration.number("flow_shift")
    func shifted(_ level: Double) -> Double { shift * level / (1 + (shift - 1) * level) }
    let line = TimestepSpacing.linearSpace(1, 1 / Double(schedule.count), count + 1)
    if configuration.kind != .unipc { return line.dropFirst().reversed().map { shifted(1 - $0) } }
    var levels = line.dropLast().map(shifted)
    // Pure noise has no logarithm of the signal: UniPC begins just below it.
    if let first = levels.first, abs(first - 1) < 1e-6 { levels[0] = first - 1e-6 }
    return levels
  }

  /// Throws where the solver would divide by zero.
  private func check(_ levels: [Float], count: Int) throws(SchedulerError) {
    try SigmaSteps.checkPositive(levels.dropLast(), of: className, count: count)
    if levels.count < 2 {
      throw .badStepCount(scheduler: className, found: count, wanted: "one that leaves a step below lambda_min_clipped")
    }
    for (level, next) in zip(levels.dropLast(), levels.dropFirst().dropLast()) where level == next {
      if configuration.integer("solver_order") > 1 || configuration.kind == .unipc {
        throw .badStepCount(
          scheduler: className, found: count, wanted: "one without two steps at the same noise level \(level)")
      }
    }
  }
}
