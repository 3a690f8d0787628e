internal import Foundation

/// The beta distribution on `0...1`.
struct BetaDistribution: Sendable {
  private let alpha: Double
  private let beta: Double
  private let logNormalizer: Double

  /// The distribution whose density is proportional to `x^(alpha - 1) (1 - x)^(beta - 1)`, both above 0.
  init(alpha: Double, beta: Double) {
    self.alpha = alpha
    self.beta = beta
    logNormalizer = lgamma(alpha + beta) - lgamma(alpha) - lgamma(beta)
  }

  /// The point below which `probability` of the distribution lies.
  ///
  /// Halves an interval until it holds two neighbouring numbers; exact to the accuracy of `cumulative(at:)`.
  func quantile(_ probability: Double) -> Double {
    if !(probability > 0) { return 0 }
    if probability >= 1 { return 1 }
    var low = 0.0
    var high = 1.0
    while true {
      let middle = low + (high - low) / 2
      if middle <= low || middle >= high { return middle }
      if cumulative(at: middle) < probability { low = middle } else { high = middle }
    }
  }

  /// The share of the distribution below `point`: the regularised incomplete beta function.
  func cumulative(at point: Double) -> Double {
    if point <= 0 { return 0 }
    if point >= 1 { return 1 }
    // The fraction converges fast below the mean; above it the mirrored distribution is asked.
    if point > (alpha + 1) / (alpha + beta + 2) {
      return 1 - BetaDistribution(alpha: beta, beta: alpha).lowerPart(at: 1 - point)
    }
    return lowerPart(at: point)
  }

  /// Lentz's evaluation of the continued fraction: Abramowitz and Stegun 26.5.8.
  private func lowerPart(at point: Double) -> Double {
    let front = exp(logNormalizer + alpha * log(point) + beta * log1p(-point)) / alpha
    let tiny = 1e-300
    func kept(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var numeratorRatio = 1.0
    var denominatorRatio = 1 / kept(1 - (alpha + beta) * point / (alpha + 1))
    var fraction = denominatorRatio
    for index in 1...300 {
      let order = Double(index)
      let even = order * (beta - order) * point / ((alpha + 2 * order - 1) * (alpha + 2 * order))
      let odd =
        -(alpha + order) * (alpha + beta + order) * point / ((alpha + 2 * order) * (alpha + 2 * order + 1))
      for term in [even, odd] {
        denominatorRatio = 1 / kept(1 + term * denominatorRatio)
        numeratorRatio = kept(1 + term / numeratorRatio)
        fraction *= denominatorRatio * numeratorRatio
      }
      if abs(denominatorRatio * numeratorRatio - 1) < 1e-16 { break }
    }
    return front * fraction
  }
}
