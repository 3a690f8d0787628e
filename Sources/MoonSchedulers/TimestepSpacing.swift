internal import Foundation

/// How the steps of a run are spread over the training times: table 2 of arXiv 2305.08891.
///
/// The numbers are those that NumPy computes in float64, its rounding to even included.
enum TimestepSpacing: String, Sendable {
  case leading, linspace, trailing

  /// The spacing that a configuration names.
  init(_ configuration: SchedulerConfiguration) {
    guard let spacing = TimestepSpacing(rawValue: configuration.text("timestep_spacing")) else {
      preconditionFailure("every timestep_spacing of the field table has a case")
    }
    self = spacing
  }

  /// Training times of `count` steps, falling: `count` of them, but for a `trailing` row cut short by `last`.
  ///
  /// `last` is one past the highest training time that is used; `leading` spreads `divisor` intervals over it.
  /// `linspace` times are not rounded.
  func times(count: Int, trainCount: Int, last: Int, divisor: Int, offset: Int) -> [Double] {
    switch self {
    case .linspace:
      return Self.linearSpace(0, Double(last - 1), divisor).suffix(count).reversed()
    case .leading:
      let ratio = last / divisor
      return (divisor - count..<divisor).reversed().map { Double($0 * ratio + offset) }
    case .trailing:
      let ratio = Double(trainCount) / Double(count)
      // Rounding makes NumPy's row one too long for some counts (61 of 1000), with a last time of -1.
      return Self.range(from: Double(last), to: 0, by: -ratio).prefix(count)
        .map { $0.rounded(.toNearestOrEven) - 1 }
    }
  }

  /// Whole training times of `count` steps over the full schedule, falling, each one of the schedule.
  func wholeTimes(
    count: Int, schedule: NoiseSchedule, offset: Int, scheduler: String
  ) throws(SchedulerError) -> [Int] {
    let times = times(
      count: count, trainCount: schedule.count, last: schedule.count, divisor: count, offset: offset)
    var result: [Int] = []
    for time in times {
      guard let whole = Int(exactly: time.rounded(.toNearestOrEven)), (0..<schedule.count).contains(whole) else {
        throw .badStepCount(
          scheduler: scheduler, found: count,
          wanted: "one whose timesteps lie in 0...\(schedule.count - 1), not one with \(time)")
      }
      result.append(whole)
    }
    return result
  }

  /// `numpy.linspace(start, end, count)`.
  static func linearSpace(_ start: Double, _ end: Double, _ count: Int) -> [Double] {
    if count == 1 { return [start] }
    let step = (end - start) / Double(count - 1)
    return (0..<count).map { $0 == count - 1 ? end : Double($0) * step + start }
  }

  /// `numpy.arange(start, end, step)`.
  static func range(from start: Double, to end: Double, by step: Double) -> [Double] {
    let count = Int(exactly: ((end - start) / step).rounded(.up)) ?? 0
    let spacing = (start + step) - start
    return (0..<max(count, 0)).map { start + Double($0) * spacing }
  }
}
