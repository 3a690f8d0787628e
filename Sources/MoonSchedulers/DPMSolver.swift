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
  let isHeun: Bool
  let scale: LevelScale

  init(_ configuration: SchedulerConfiguration) {
    order = configuration.integer("solver_order")
    let algorithm = configuration.text("algorithm_type")
    predictsClean = algorithm.hasSuffix("++")
    isStochastic = algorithm.hasPrefix("sde-")
    scale = LevelScale(configuration)
    isHeun = configuration.text("solver_type") == "heun"
  }

  /// Weights of the latents, of the predictions, the newest first, and of fresh noise.
  struct Coefficients: Sendable {
    var latents: Float
    var predictions: [Float]
    var noise: Float = 0
  }

  /// The step from `levels[step]` to the next level, with `order` predictions.
  func coefficients(levels: [Float], step: Int, order: Int) -> Coefficients {
    let target = scale.parts(of: levels[step + 1])
    let start = scale.parts(of: levels[step])
    let width = scale.lambda(of: levels[step + 1]) - scale.lambda(of: levels[step])
    let weights = derivativeWeights(target, width: width, order: order)
    var result = Coefficients(latents: latentWeight(target, start, width: width), predictions: [weights.value])
    if isStochastic { result.noise = noiseWeight(target, width: width) }
    if order == 1 { return result }

    let ratio = (scale.lambda(of: levels[step]) - scale.lambda(of: levels[step - 1])) / width
    if order == 2 {
      result.predictions = [weights.value + weights.slope / ratio, -weights.slope / ratio]
      return result
    }
    let earlier = (scale.lambda(of: levels[step - 1]) - scale.lambda(of: levels[step - 2])) / width
    // Both derivatives are sums of two difference quotients, of the newest and of the earlier predictions.
    let shift = (weights.slope * ratio + weights.curvature) / (ratio + earlier)
    let newest = (weights.slope + shift) / ratio
    let oldest = shift / earlier
    result.predictions = [weights.value + newest, -newest - oldest, oldest]
    return result
  }

  func latentWeight(
    _ target: LevelScale.Parts, _ start: LevelScale.Parts, width: Float
  ) -> Float {
    if !predictsClean { return target.alpha / start.alpha }
    return isStochastic ? target.sigma / start.sigma * exp(-width) : target.sigma / start.sigma
  }

  func noiseWeight(_ target: LevelScale.Parts, width: Float) -> Float {
    target.sigma * (predictsClean ? 1 - exp(-2 * width) : exp(2 * width) - 1).squareRoot()
  }

  /// Weights of the newest prediction and of its first and second derivative.
  func derivativeWeights(
    _ target: LevelScale.Parts, width: Float, order: Int
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

  /// Throws for fields that do not go together.
  func checkCombinations(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    let scheduler = configuration.kind.className
    let algorithm = "algorithm_type \(configuration.text("algorithm_type"))"
    if !predictsClean {
      if configuration.text("final_sigmas_type") == "zero" {
        throw .notSupported(scheduler: scheduler, setting: algorithm, reason: "it needs final_sigmas_type sigma_min")
      }
      if PredictionType(configuration) == .flow {
        throw .notSupported(scheduler: scheduler, setting: algorithm, reason: "prediction_type is flow_prediction")
      }
    }
    if case .string(let variance) = configuration["variance_type"], variance.hasPrefix("learned") {
      throw .notSupported(
        scheduler: scheduler, setting: "variance_type \(variance)", reason: "the network predicts no variance")
    }
  }
}
