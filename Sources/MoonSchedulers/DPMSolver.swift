internal import Foundation

/// The formulas of DPM-Solver and DPM-Solver++ with memory, as weights of a sum.
///
/// All in float32, in the order of the reference's operations: differences of neighbouring levels lose digits, and the
/// lost ones are part of the reference's numbers.
struct DPMSolver: Sendable {
  let order: Int
  /// Whether the clean latents are integrated (DPM-Solver++) and not the noise (DPM-Solver).
  let predictsClean: Bool
  let isStochastic: Bool
  /// Whether levels lie on the straight line from clean latents to noise.
  let isFlow: Bool
  private let isHeun: Bool

  init(_ configuration: SchedulerConfiguration) {
    order = configuration.integer("solver_order")
    let algorithm = configuration.text("algorithm_type")
    predictsClean = algorithm.hasSuffix("++")
    isStochastic = algorithm.hasPrefix("sde-")
    isFlow = configuration.bool("use_flow_sigmas")
    isHeun = configuration.text("solver_type") == "heun"
  }

  /// Weights of the latents, of the predictions, the newest first, and of fresh noise.
  struct Coefficients: Sendable {
    var latents: Float
    var predictions: [Float]
    var noise: Float = 0
  }

  /// Share of the clean latents and of the noise in latents at a level.
  func scales(of level: Float) -> (alpha: Float, sigma: Float) {
    if isFlow { return (1 - level, level) }
    let alpha = 1 / (level * level + 1).squareRoot()
    return (alpha, level * alpha)
  }

  /// The step from `levels[step]` to the next level, with `order` predictions.
  func coefficients(levels: [Float], step: Int, order: Int) -> Coefficients {
    let target = scales(of: levels[step + 1])
    let start = scales(of: levels[step])
    let width = lambda(levels[step + 1]) - lambda(levels[step])
    let weights = derivativeWeights(target, width: width, order: order)
    var result = Coefficients(latents: latentWeight(target, start, width: width), predictions: [weights.value])
    if isStochastic { result.noise = noiseWeight(target, width: width) }
    if order == 1 { return result }

    let ratio = (lambda(levels[step]) - lambda(levels[step - 1])) / width
    if order == 2 {
      result.predictions = [weights.value + weights.slope / ratio, -weights.slope / ratio]
      return result
    }
    let earlier = (lambda(levels[step - 1]) - lambda(levels[step - 2])) / width
    // Both derivatives are sums of two difference quotients, of the newest and of the earlier predictions.
    let shift = (weights.slope * ratio + weights.curvature) / (ratio + earlier)
    let newest = (weights.slope + shift) / ratio
    let oldest = shift / earlier
    result.predictions = [weights.value + newest, -newest - oldest, oldest]
    return result
  }

  /// Half the logarithm of the signal-to-noise ratio.
  private func lambda(_ level: Float) -> Float {
    let (alpha, sigma) = scales(of: level)
    return log(alpha) - log(sigma)
  }

  private func latentWeight(
    _ target: (alpha: Float, sigma: Float), _ start: (alpha: Float, sigma: Float), width: Float
  ) -> Float {
    if !predictsClean { return target.alpha / start.alpha }
    return isStochastic ? target.sigma / start.sigma * exp(-width) : target.sigma / start.sigma
  }

  private func noiseWeight(_ target: (alpha: Float, sigma: Float), width: Float) -> Float {
    target.sigma * (predictsClean ? 1 - exp(-2 * width) : exp(2 * width) - 1).squareRoot()
  }

  /// Weights of the newest prediction and of its first and second derivative.
  private func derivativeWeights(
    _ target: (alpha: Float, sigma: Float), width: Float, order: Int
  ) -> (value: Float, slope: Float, curvature: Float) {
    let usesMidpoint = order == 2 && !isHeun
    switch (predictsClean, isStochastic) {
    case (true, false):
      let growth = exp(-width) - 1
      let value = -(target.alpha * growth)
      if usesMidpoint { return (value, 0.5 * value, 0) }
      let slope = target.alpha * (growth / width + 1)
      return (value, slope, -(target.alpha * ((growth + width) / (width * width) - 0.5)))
    case (false, false):
      let growth = exp(width) - 1
      let value = -(target.sigma * growth)
      if usesMidpoint { return (value, 0.5 * value, 0) }
      let slope = -(target.sigma * (growth / width - 1))
      return (value, slope, -(target.sigma * ((growth - width) / (width * width) - 0.5)))
    case (true, true):
      let growth = 1 - exp(-2 * width)
      let value = target.alpha * growth
      if usesMidpoint { return (value, 0.5 * value, 0) }
      let slope = target.alpha * (growth / (-2 * width) + 1)
      return (value, slope, target.alpha * ((growth - 2 * width) / (2 * width * 2 * width) - 0.5))
    case (false, true):
      let growth = exp(width) - 1
      let value = -2 * (target.sigma * growth)
      if usesMidpoint { return (value, 0.5 * value, 0) }
      return (value, -2 * (target.sigma * (growth / width - 1)), 0)
    }
  }
}
