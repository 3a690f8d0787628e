/// The words that tell how far a run is.
package struct ProgressLine: Equatable, Sendable {
  private var recent: [Double] = []

  /// A line before the first step.
  package init() {}

  /// Takes in a step that has ended, and says how far the run is.
  ///
  /// The time left is that of the mean of the last steps, so that it follows when a callback makes steps shorter.
  ///
  /// - Parameters:
  ///   - step: The step, from 0.
  ///   - count: Steps of the run.
  ///   - seconds: Seconds that the step took.
  /// - Returns: The line, without an end.
  package mutating func ended(step: Int, of count: Int, seconds: Double) -> String {
    recent.append(seconds)
    if recent.count > Self.window { recent.removeFirst() }
    let mean = recent.reduce(0, +) / Double(recent.count)
    let left = max(0, count - step - 1)
    let rate = "step \(step + 1)/\(count), \(Self.decimals(seconds)) s a step"
    return left == 0 ? rate : rate + ", \(Self.duration(mean * Double(left))) left"
  }

  /// Steps that the estimate of the time left looks back on.
  private static let window = 3

  /// A short time with two decimals, or with three where it is under a tenth of a second.
  package static func decimals(_ seconds: Double) -> String {
    let digits = seconds < 0.1 ? 3 : 2
    let unit = digits == 3 ? 1000.0 : 100
    guard let rounded = whole((seconds * unit).rounded()) else { return "?" }
    let fraction = String(rounded % Int(unit))
    return "\(rounded / Int(unit)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
  }

  /// A time in hours, minutes and seconds, of which the two largest are named.
  package static func duration(_ seconds: Double) -> String {
    guard let total = whole(seconds.rounded(.up)) else { return "?" }
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    if hours > 0 { return "\(hours) h \(minutes) min" }
    if minutes > 0 { return "\(minutes) min \(rest) s" }
    return "\(rest) s"
  }

  /// The whole number, or `nil` when it is negative, not finite, or too large.
  private static func whole(_ value: Double) -> Int? { value >= 0 ? Int(exactly: value) : nil }
}
