internal import CMoonKernels
internal import Foundation

/// Reductions over some dimensions or all of them, as in PyTorch: dimensions may be negative, `keepDimensions` leaves
/// them in place with size 1. Sums are kept in double precision and rounded once, so they are at least as exact as
/// PyTorch's, and do not depend on the number of threads.
extension Tensor {
  /// Sums; 0 over no elements.
  ///
  /// - Parameters:
  ///   - dimensions: Dimensions summed over, each once; nil or none for all.
  ///   - keepDimensions: Whether they stay with size 1.
  /// - Returns: The sums.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public func sum(along dimensions: [Int]? = nil, keepDimensions: Bool = false) throws(TensorError) -> Tensor {
    try Reduction(self, along: dimensions, keepDimensions: keepDimensions, operation: "sum")
      .run(.sum) { Float($0) }
  }

  /// Arithmetic means; not-a-number over no elements.
  ///
  /// - Parameters:
  ///   - dimensions: Dimensions averaged over, each once; nil or none for all.
  ///   - keepDimensions: Whether they stay with size 1.
  /// - Returns: The means.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public func mean(along dimensions: [Int]? = nil, keepDimensions: Bool = false) throws(TensorError) -> Tensor {
    let reduction = try Reduction(self, along: dimensions, keepDimensions: keepDimensions, operation: "mean")
    let count = Double(reduction.reducedCount)
    return try reduction.run(.sum) { Float($0 / count) }
  }

  /// Variances about the mean; not-a-number where `correction` leaves nothing to divide by.
  ///
  /// - Parameters:
  ///   - dimensions: Dimensions reduced, each once; nil or none for all.
  ///   - correction: Taken from the number of elements: 1 for the unbiased estimate, 0 for the population's variance.
  ///   - keepDimensions: Whether they stay with size 1.
  /// - Returns: The variances.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public func variance(
    along dimensions: [Int]? = nil, correction: Double = 1, keepDimensions: Bool = false
  ) throws(TensorError) -> Tensor {
    let reduction = try Reduction(self, along: dimensions, keepDimensions: keepDimensions, operation: "var")
    let divisor = max(0, Double(reduction.reducedCount) - correction)
    return try reduction.runSpread { Float($0 / divisor) }
  }

  /// Standard deviations: square roots of the variances.
  ///
  /// - Parameters:
  ///   - dimensions: Dimensions reduced, each once; nil or none for all.
  ///   - correction: Taken from the number of elements: 1 for the unbiased estimate, 0 for the population's variance.
  ///   - keepDimensions: Whether they stay with size 1.
  /// - Returns: The standard deviations.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public func standardDeviation(
    along dimensions: [Int]? = nil, correction: Double = 1, keepDimensions: Bool = false
  ) throws(TensorError) -> Tensor {
    let reduction = try Reduction(self, along: dimensions, keepDimensions: keepDimensions, operation: "std")
    let divisor = max(0, Double(reduction.reducedCount) - correction)
    return try reduction.runSpread { Float(($0 / divisor).squareRoot()) }
  }

  /// The least elements; not-a-number where there is one.
  ///
  /// - Parameters:
  ///   - dimensions: Dimensions reduced, each once; nil or none for all.
  ///   - keepDimensions: Whether they stay with size 1.
  /// - Returns: The minima.
  /// - Throws: `TensorError.badArgument`, also when there are no elements; `.outOfBudget`, `.interrupted`.
  public func minimum(along dimensions: [Int]? = nil, keepDimensions: Bool = false) throws(TensorError) -> Tensor {
    try extreme(.minimum, along: dimensions, keepDimensions: keepDimensions, operation: "min")
  }

  /// The greatest elements; not-a-number where there is one.
  ///
  /// - Parameters:
  ///   - dimensions: Dimensions reduced, each once; nil or none for all.
  ///   - keepDimensions: Whether they stay with size 1.
  /// - Returns: The maxima.
  /// - Throws: `TensorError.badArgument`, also when there are no elements; `.outOfBudget`, `.interrupted`.
  public func maximum(along dimensions: [Int]? = nil, keepDimensions: Bool = false) throws(TensorError) -> Tensor {
    try extreme(.maximum, along: dimensions, keepDimensions: keepDimensions, operation: "max")
  }

  private func extreme(
    _ kind: moon_reduction, along dimensions: [Int]?, keepDimensions: Bool, operation: String
  ) throws(TensorError) -> Tensor {
    let reduction = try Reduction(self, along: dimensions, keepDimensions: keepDimensions, operation: operation)
    if reduction.reducedCount == 0 {
      throw .badArgument(operation: operation, argument: 1, detail: "no elements to choose from")
    }
    return try reduction.run(kind) { Float($0) }
  }

  /// Vector norms `(sum |x|^p)^(1/p)`; the greatest magnitude for infinity, the least for minus infinity, the number of
  /// elements that are not 0 for 0. Powers are summed in double precision, so large elements do not overflow.
  ///
  /// - Parameters:
  ///   - order: `p`; 2 for the Euclidean norm.
  ///   - dimensions: Dimensions reduced, each once; nil or none for all.
  ///   - keepDimensions: Whether they stay with size 1.
  /// - Returns: The norms.
  /// - Throws: `TensorError.badArgument`; `.outOfBudget`, `.interrupted`.
  public func norm(
    order: Double = 2, along dimensions: [Int]? = nil, keepDimensions: Bool = false
  ) throws(TensorError) -> Tensor {
    let reduction = try Reduction(self, along: dimensions, keepDimensions: keepDimensions, operation: "norm")
    if order.isNaN { throw .badArgument(operation: "norm", argument: 1, detail: "order \(order)") }
    if reduction.reducedCount == 0 && (order < 0 || order.isInfinite) {
      throw .badArgument(operation: "norm", argument: 1, detail: "order \(order) of no elements")
    }
    switch order {
    case .infinity: return try reduction.run(.greatest_magnitude) { Float($0) }
    case -.infinity: return try reduction.run(.least_magnitude) { Float($0) }
    case 0: return try reduction.run(.nonzero_count) { Float($0) }
    case 1: return try reduction.run(.sum_of_magnitudes) { Float($0) }
    case 2: return try reduction.run(.sum_of_squares) { Float($0.squareRoot()) }
    default: return try reduction.run(.sum_of_powers, power: order) { Float(pow($0, 1 / order)) }
    }
  }

  /// The sum of products of two vectors.
  ///
  /// - Parameter other: One dimension of the same size as this tensor's one.
  /// - Returns: A tensor of no dimensions.
  /// - Throws: `TensorError.badArgument`, `.shapeMismatch`, `.outOfBudget`, `.interrupted`.
  public func dot(_ other: Tensor) throws(TensorError) -> Tensor {
    guard rank == 1 else {
      throw .badArgument(operation: "dot", argument: 1, detail: "the tensor has \(rank) dimensions, not one")
    }
    guard other.shape == shape else { throw .shapeMismatch(operation: "dot", found: other.shape, wanted: shape) }
    let (left, right) = (try widened(), try other.widened())
    defer { extendLifetime((left, right)) }
    let (from, with) = unsafe (left.floatPointer, right.floatPointer)
    let (leftStride, rightStride) = (left.strides[0], right.strides[0])
    let step = Parallel.elementsPerRange
    let pieceCount = count == 0 ? 0 : (count - 1) / step + 1
    var pieces = [Double](repeating: 0, count: pieceCount)
    try unsafe pieces.withUnsafeMutableBufferPointer { (pieces) throws(TensorError) in
      nonisolated(unsafe) let pieces = unsafe pieces
      try Parallel.forEachRange(of: pieceCount, grain: 1, asking: .current) { range in
        for piece in range {
          let start = piece * step
          unsafe pieces[piece] = moon_dot_run(
            from + start * leftStride, leftStride, with + start * rightStride, rightStride, min(step, count - start))
        }
      }
    }
    return try Tensor(scalar: Float(pieces.reduce(0, +)))
  }
}
