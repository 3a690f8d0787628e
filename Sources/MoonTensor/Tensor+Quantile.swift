internal import CMoonKernels

extension Tensor {
  /// The value below which the fraction `q` of the elements lies, interpolated linearly between the two elements next to
  /// position `q * (count - 1)` of the sorted ones. Not-a-number where there is one.
  ///
  /// Long rows are never sorted or copied: the two elements are found by counting. There is no limit on their length.
  ///
  /// - Parameters:
  ///   - q: A fraction, 0 to 1.
  ///   - dimension: The dimension reduced, negative from the end; nil for all.
  ///   - keepDimensions: Whether it stays with size 1.
  /// - Returns: The quantiles.
  /// - Throws: `TensorError.badArgument`, also when there are no elements; `.outOfBudget`, `.interrupted`.
  public func quantile(
    _ q: Double, along dimension: Int? = nil, keepDimensions: Bool = false
  ) throws(TensorError) -> Tensor {
    let rows = try QuantileRows(self, along: dimension, keepDimensions: keepDimensions)
    let result = try Tensor(uninitialized: rows.resultShape)
    try rows.write([try Self.checkedFraction(q)], to: result)
    return result
  }

  /// Several quantiles at once.
  ///
  /// - Parameters:
  ///   - fractions: Fractions, each 0 to 1.
  ///   - dimension: The dimension reduced, negative from the end; nil for all.
  ///   - keepDimensions: Whether it stays with size 1.
  /// - Returns: The quantiles, with one more dimension in front for `fractions`.
  /// - Throws: `TensorError.badArgument`, also when there are no elements; `.outOfBudget`, `.interrupted`.
  public func quantile(
    _ fractions: [Double], along dimension: Int? = nil, keepDimensions: Bool = false
  ) throws(TensorError) -> Tensor {
    let rows = try QuantileRows(self, along: dimension, keepDimensions: keepDimensions)
    let result = try Tensor(uninitialized: [fractions.count] + rows.resultShape)
    var checked: [Double] = []
    for q in fractions { checked.append(try Self.checkedFraction(q)) }
    try rows.write(checked, to: result)
    return result
  }

  private static func checkedFraction(_ q: Double) throws(TensorError) -> Double {
    guard q >= 0, q <= 1 else {
      throw .badArgument(operation: "quantile", argument: 1, detail: "q \(q) outside 0..1")
    }
    return q
  }
}

/// The rows of a tensor that quantiles are taken of: one for each element of the result.
private struct QuantileRows {
  let resultShape: [Int]
  private let source: Tensor
  private let kept: TensorWalk
  private let row: TensorWalk

  /// Rows of at most so many elements are sorted.
  private static let sortedCount = 1 << 16

  init(_ tensor: Tensor, along given: Int?, keepDimensions: Bool) throws(TensorError) {
    var dimension: Int?
    if let given {
      dimension = try Shape.normalized(given, rank: tensor.rank, operation: "quantile", argument: 2)
    }
    source = try tensor.widened()
    let shape = source.shape
    let isReduced = shape.indices.map { dimension == nil || $0 == dimension }
    resultShape =
      keepDimensions
      ? shape.indices.map { isReduced[$0] ? 1 : shape[$0] }
      : shape.indices.filter { !isReduced[$0] }.map { shape[$0] }
    kept = Self.walk(source, shape.indices.filter { !isReduced[$0] })
    row = Self.walk(source, shape.indices.filter { isReduced[$0] })
    if row.count == 0 {
      throw .badArgument(operation: "quantile", argument: 1, detail: "the tensor has no elements")
    }
  }

  private static func walk(_ source: Tensor, _ dimensions: [Int]) -> TensorWalk {
    TensorWalk(shape: dimensions.map { source.shape[$0] }, strides: [dimensions.map { source.strides[$0] }])
  }

  /// Where row `index` begins, from the first element.
  private func start(of index: Int) -> Int {
    var (rest, offset) = (index, 0)
    for dimension in (0..<kept.rank).reversed() {
      offset += rest % kept.size(dimension) * kept.stride(0, dimension)
      rest /= kept.size(dimension)
    }
    return offset
  }

  /// Writes the quantiles to `result`: all rows for the first fraction, then for the next.
  func write(_ fractions: [Double], to result: Tensor) throws(TensorError) {
    guard result.count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return }
    let environment = TensorEnvironment.current
    let rows = kept.count
    if row.count > Self.sortedCount {
      for index in 0..<rows {
        let elements = CountedRow(source: source, start: start(of: index), walk: row, environment: environment)
        let values = try elements.quantiles(fractions)
        for (order, value) in values.enumerated() { unsafe destination[order * rows + index] = value }
      }
    } else {
      let places = fractions.map { $0 * Double(row.count - 1) }
      let grain = max(1, Self.sortedCount / (row.count + places.count))
      try Parallel.forEachRange(of: rows, grain: grain, asking: environment) { range in
        unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2 * row.count) { keys in
          guard let sorted = keys.baseAddress else { return }
          for index in range {
            unsafe moon_order_keys(sorted, source.floatPointer + start(of: index), row.layout, row.count)
            unsafe moon_order_sort(sorted, sorted + row.count, row.count)
            let hasNaN = unsafe sorted[row.count - 1] == .max
            for (order, place) in places.enumerated() {
              let below = Int(place)
              let value = unsafe interpolated(
                moon_order_value(sorted[below]), moon_order_value(sorted[min(below + 1, row.count - 1)]), place)
              unsafe destination[order * rows + index] = hasNaN ? .nan : value
            }
          }
        }
      }
    }
    extendLifetime(source)
  }
}

/// Between two neighbours of the sorted elements, by the fraction of `place`.
private func interpolated(_ below: Float, _ above: Float, _ place: Double) -> Float {
  let weight = Float(place - place.rounded(.down))
  if weight == 0 || below == above { return below }
  return weight < 0.5 ? below + weight * (above - below) : above - (above - below) * (1 - weight)
}

/// A long row, whose sorted elements are found by counting: the upper halves of all keys first, then the lower halves
/// of those keys that share the upper half wanted.
private struct CountedRow {
  let source: Tensor
  let start: Int
  let walk: TensorWalk
  let environment: TensorEnvironment

  func quantiles(_ fractions: [Double]) throws(TensorError) -> [Float] {
    let upper = try counts(under: nil)
    var lower: (upper: Int, counts: [Int])?
    var values: [Float] = []
    let last = try element(walk.count - 1, upper, &lower)
    for q in fractions {
      try environment.check()
      let place = q * Double(walk.count - 1)
      let below = try element(Int(place), upper, &lower)
      let above = try element(min(Int(place) + 1, walk.count - 1), upper, &lower)
      values.append(last.isNaN ? .nan : interpolated(below, above, place))
    }
    return values
  }

  /// The element at `position` of the sorted row; `lower` keeps the counts last made.
  private func element(
    _ position: Int, _ upper: [Int], _ lower: inout (upper: Int, counts: [Int])?
  ) throws(TensorError) -> Float {
    let (high, rest) = Self.find(position, in: upper)
    if lower?.upper != high { lower = (high, try counts(under: high)) }
    let (low, _) = Self.find(rest, in: lower?.counts ?? [])
    return moon_order_value(UInt32(truncatingIfNeeded: high << 16 | low))
  }

  /// The bucket that `position` falls into, and its position there.
  private static func find(_ position: Int, in counts: [Int]) -> (bucket: Int, position: Int) {
    var rest = position
    for (bucket, count) in counts.enumerated() {
      if rest < count { return (bucket, rest) }
      rest -= count
    }
    return (max(counts.count - 1, 0), 0)
  }

  /// How many keys have each upper half, or each lower half under the upper half given.
  private func counts(under upper: Int?) throws(TensorError) -> [Int] {
    var counts = [Int](repeating: 0, count: 1 << 16)
    let elements = unsafe source.floatPointer + start
    for begin in stride(from: 0, to: walk.count, by: Parallel.elementsPerRange) {
      try environment.check()
      let end = min(walk.count, begin + Parallel.elementsPerRange)
      if let upper {
        unsafe moon_order_count_lower(&counts, elements, walk.layout, begin, end, UInt32(truncatingIfNeeded: upper))
      } else {
        unsafe moon_order_count_upper(&counts, elements, walk.layout, begin, end)
      }
    }
    extendLifetime(source)
    return counts
  }
}
