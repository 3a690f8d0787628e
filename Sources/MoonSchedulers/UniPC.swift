internal import Foundation

/// The formulas of UniPC as weights of a sum.
///
/// All in float32, in the order of the reference's operations: differences of neighbouring levels lose digits, and the
/// lost ones are part of the reference's numbers.
struct UniPC: Sendable {
  let order: Int
  /// Whether the clean latents are integrated and not the noise.
  let predictsClean: Bool
  private let scale: LevelScale
  private let isFirstBasis: Bool

  init(_ configuration: SchedulerConfiguration) {
    order = configuration.integer("solver_order")
    predictsClean = configuration.bool("predict_x0")
    isFirstBasis = configuration.text("solver_type") == "bh1"
    scale = LevelScale(configuration)
  }

  /// Weights of the latents at the start of a step, of the predictions there and before, the newest first, and of the
  /// prediction at its end.
  struct Coefficients: Sendable {
    var latents: Float
    var predictions: [Float]
    var target: Float = 0
  }

  /// The step from `levels[start]` to the next level with `order` predictions, and for the corrector with the one at
  /// its end besides.
  func coefficients(levels: [Float], start: Int, order: Int, corrects: Bool) -> Coefficients {
    let target = scale.parts(of: levels[start + 1])
    let origin = scale.parts(of: levels[start])
    let startLambda = scale.lambda(of: levels[start])
    let width = scale.lambda(of: levels[start + 1]) - startLambda
    let share = predictsClean ? target.alpha : target.sigma
    var result = Coefficients(
      latents: predictsClean ? target.sigma / origin.sigma : target.alpha / origin.alpha,
      predictions: [Float](repeating: 0, count: order))
    if width == 0 { return result }
    let signed = predictsClean ? -width : width
    result.predictions[0] = -share * expm1(signed)
    if order == 1 && !corrects { return result }

    let ratios = (1..<order).map { (scale.lambda(of: levels[start - $0]) - startLambda) / width }
    let basis = isFirstBasis ? signed : expm1(signed)
    let weights = Self.differenceWeights(
      ratios: ratios, moments: moments(signed, basis: basis, count: order), corrects: corrects)
    for (index, ratio) in ratios.enumerated() {
      let weight = -(share * basis) * weights[index] / ratio
      result.predictions[index + 1] = weight
      result.predictions[0] -= weight
    }
    if corrects, let last = weights.last {
      result.target = -(share * basis) * last
      result.predictions[0] -= result.target
    }
    return result
  }

  /// Right-hand sides of the order conditions: the exponential's moments over the basis function.
  private func moments(_ signed: Float, basis: Float, count: Int) -> [Float] {
    var moment = expm1(signed) / signed - 1
    var factorial: Float = 1
    return (1...count).map { index in
      let result = moment * factorial / basis
      factorial *= Float(index + 1)
      moment = moment / signed - 1 / factorial
      return result
    }
  }

  /// Weights of the difference quotients that satisfy the order conditions; those of order 1 and 2 are fixed.
  private static func differenceWeights(ratios: [Float], moments: [Float], corrects: Bool) -> [Float] {
    let order = ratios.count + 1
    if corrects && order == 1 || !corrects && order == 2 { return [0.5] }
    let points = corrects ? ratios + [1] : ratios
    let rows = points.indices.map { power in points.map { pow($0, Float(power)) } }
    return solution(of: rows, equal: Array(moments.prefix(points.count)))
  }

  /// Solves `rows * x = values` by elimination with row pivots.
  private static func solution(of rows: [[Float]], equal values: [Float]) -> [Float] {
    var rows = rows
    var values = values
    for column in rows.indices {
      let pivot = (column..<rows.count).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
      rows.swapAt(column, pivot)
      values.swapAt(column, pivot)
      for row in (column + 1)..<rows.count {
        let factor = rows[row][column] / rows[column][column]
        for entry in column..<rows.count { rows[row][entry] -= factor * rows[column][entry] }
        values[row] -= factor * values[column]
      }
    }
    for column in rows.indices.reversed() {
      let known = (column + 1..<rows.count).reduce(Float(0)) { $0 + rows[column][$1] * values[$1] }
      values[column] = (values[column] - known) / rows[column][column]
    }
    return values
  }
}
