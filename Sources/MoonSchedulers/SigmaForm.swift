internal import Foundation

/// A rule that replaces the noise levels of the training times by others between the same ends, computed in float64.
enum SigmaForm: Sendable {
  /// Even steps of the seventh root: arXiv 2206.00364, equation 5.
  case karras
  /// Even steps of the logarithm.
  case exponential
  /// Steps that are denser at both ends: quantiles of the beta distribution (0.6, 0.6), arXiv 2407.12173.
  case beta
  /// Even steps of the logarithm of the signal-to-noise ratio: arXiv 2206.00927.
  case lu

  private static let fields: [(key: String, form: SigmaForm)] = [
    ("use_karras_sigmas", .karras), ("use_exponential_sigmas", .exponential), ("use_beta_sigmas", .beta),
  ]

  /// The form that a configuration asks for, `nil` for the training times' own levels.
  static func wanted(by configuration: SchedulerConfiguration) throws(SchedulerError) -> SigmaForm? {
    let chosen = fields.filter { configuration[$0.key] == true }
    if chosen.count > 1 {
      throw .conflictingFields(scheduler: configuration.kind.className, keys: fields.map(\.key))
    }
    // The reference looks at Karras' field first, at Lu's next.
    if let form = chosen.first?.form, form == .karras { return form }
    return configuration["use_lu_lambdas"] == true ? .lu : chosen.first?.form
  }

  /// `count` noise levels from `highest` down to `lowest`.
  func sigmas(count: Int, highest: Double, lowest: Double) -> [Double] {
    switch self {
    case .karras:
      let high = pow(highest, 1.0 / 7)
      let low = pow(lowest, 1.0 / 7)
      return TimestepSpacing.linearSpace(0, 1, count).map { pow(high + $0 * (low - high), 7) }
    case .exponential:
      return TimestepSpacing.linearSpace(log(highest), log(lowest), count).map { exp($0) }
    case .beta:
      return TimestepSpacing.linearSpace(0, 1, count).map {
        lowest + BetaDistribution(alpha: 0.6, beta: 0.6).quantile(1 - $0) * (highest - lowest)
      }
    case .lu:
      // The reference takes these two logarithms in float32.
      let high = Double(log(Float(highest)))
      let low = Double(log(Float(lowest)))
      return TimestepSpacing.linearSpace(0, 1, count).map { exp(high + $0 * (low - high)) }
    }
  }
}

/// The line from training times to noise levels, and back.
struct SigmaCurve: Sendable {
  private let sigmas: [Float]
  private let logarithms: [Double]

  /// The curve through the noise levels of all training times, rising.
  init(_ schedule: NoiseSchedule) {
    sigmas = schedule.sigmas
    logarithms = sigmas.map { Double(log($0)) }
  }

  /// Noise level of the lowest training time.
  var lowest: Float { sigmas.first ?? 0 }
  /// Noise level of the highest training time.
  var highest: Float { sigmas.last ?? 0 }

  /// The noise level at a training time, between two by linear interpolation, at the ends held.
  func sigma(at time: Double) -> Double {
    guard let last = sigmas.indices.last, time > 0 else { return Double(lowest) }
    if time >= Double(last) { return Double(highest) }
    let index = Int(time)
    let left = Double(sigmas[index])
    return (Double(sigmas[index + 1]) - left) * (time - Double(index)) + left
  }

  /// The training time of a noise level, by linear interpolation of the logarithm, at the ends held.
  func time(of sigma: Double) -> Double {
    let logarithm = log(max(sigma, 1e-10))
    if logarithms.count < 2 { return 0 }
    let low = min(logarithms.lastIndex { logarithm - $0 >= 0 } ?? 0, logarithms.count - 2)
    let weight = (logarithms[low] - logarithm) / (logarithms[low] - logarithms[low + 1])
    let clipped = min(max(weight, 0), 1)
    return (1 - clipped) * Double(low) + clipped * Double(low + 1)
  }
}
