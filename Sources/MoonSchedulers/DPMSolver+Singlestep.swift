/// The formulas of DPM-Solver and DPM-Solver++ whose step holds one to three predictions.
extension DPMSolver {
  /// The step from the latents that stood at `levels[step - order + 1]` to the level after `step`, with the `order`
  /// predictions since.
  func singlestepCoefficients(levels: [Float], step: Int, order: Int) -> Coefficients {
    let first = step - order + 1
    let target = scale.parts(of: levels[step + 1])
    let start = scale.parts(of: levels[first])
    let startLambda = scale.lambda(of: levels[first])
    let width = scale.lambda(of: levels[step + 1]) - startLambda
    let weights = derivativeWeights(target, width: width, order: order)
    var result = Coefficients(latents: latentWeight(target, start, width: width), predictions: [weights.value])
    if isStochastic { result.noise = noiseWeight(target, width: width) }
    if order == 1 { return result }

    let newest = (scale.lambda(of: levels[step]) - startLambda) / width
    if order == 2 {
      result.predictions = [weights.slope / newest, weights.value - weights.slope / newest]
      return result
    }
    if !isHeun {
      result.predictions = [weights.slope / newest, 0, weights.value - weights.slope / newest]
      return result
    }
    let middle = (scale.lambda(of: levels[step - 1]) - startLambda) / width
    // Weights of the difference quotients from the start to the middle and to the newest prediction.
    let toMiddle = (weights.slope * newest - 2 * weights.curvature) / (newest - middle)
    let toNewest = (2 * weights.curvature - weights.slope * middle) / (newest - middle)
    result.predictions = [
      toNewest / newest, toMiddle / middle, weights.value - toNewest / newest - toMiddle / middle,
    ]
    return result
  }
}
