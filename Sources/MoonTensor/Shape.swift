/// Arithmetic on shapes and strides, all of it checked for overflow.
package enum Shape {
  /// The most dimensions that a tensor may have.
  package static let maximumRank = 8

  /// Elements of `shape`, checked against the rank, the signs, overflow and the environment's budget.
  package static func elementCount(of shape: [Int]) throws(TensorError) -> Int {
    if shape.count > maximumRank {
      throw .badShape(shape, reason: "more than \(maximumRank) dimensions")
    }
    var count = 1
    var isEmpty = false
    for size in shape {
      if size < 0 { throw .badShape(shape, reason: "a size is negative") }
      if size == 0 {
        isEmpty = true
        continue
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow || product > 1 << 40 { throw .badShape(shape, reason: "too many elements") }
      count = product
    }
    if let budget = TensorEnvironment.current.budget, count > budget.maximumElements {
      throw .badShape(shape, reason: "more than \(budget.maximumElements) elements")
    }
    return isEmpty ? 0 : count
  }

  /// Row-major strides of `shape`, which has passed `elementCount(of:)`.
  package static func contiguousStrides(of shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    var running = 1
    for dimension in shape.indices.reversed() {
      strides[dimension] = running
      running &*= max(shape[dimension], 1)
    }
    return strides
  }

  /// The shape to which `left` and `right` broadcast, as in NumPy and PyTorch.
  package static func broadcast(_ left: [Int], _ right: [Int]) throws(TensorError) -> [Int] {
    let rank = max(left.count, right.count)
    var result = [Int](repeating: 1, count: rank)
    for offset in 1...max(rank, 1) where offset <= rank {
      let leftSize = offset <= left.count ? left[left.count - offset] : 1
      let rightSize = offset <= right.count ? right[right.count - offset] : 1
      if leftSize != rightSize && leftSize != 1 && rightSize != 1 { throw .notBroadcastable(left, right) }
      result[rank - offset] = leftSize == 1 ? rightSize : leftSize
    }
    return result
  }

  /// `dimension` counted from 0; negative ones count from the end, as in PyTorch. A scalar accepts 0 and -1.
  package static func normalized(
    _ dimension: Int, rank: Int, operation: String, argument: Int = 1
  ) throws(TensorError) -> Int {
    let span = max(rank, 1)
    guard dimension >= -span, dimension < span else {
      throw .badArgument(
        operation: operation, argument: argument, detail: "dimension \(dimension) outside \(-span)..\(span - 1)")
    }
    return dimension < 0 ? dimension + span : dimension
  }
}
