extension Tensor {
  /// The same elements in row-major order with other sizes: a view where the strides allow it, else a copy.
  ///
  /// - Parameter newShape: The wanted sizes; one of them may be -1 and is worked out.
  /// - Returns: A tensor with the same elements.
  /// - Throws: `TensorError.badArgument`, `.badShape`, `.outOfBudget`, `.interrupted`.
  public func reshaped(to newShape: [Int]) throws(TensorError) -> Tensor {
    let newShape = try resolved(newShape)
    if newShape == shape { return self }
    if let newStrides = viewStrides(for: newShape) {
      return Tensor(shape: newShape, strides: newStrides, offset: offset, dtype: dtype, storage: storage)
    }
    let dense = try copied()
    return Tensor(
      shape: newShape, strides: Shape.contiguousStrides(of: newShape), offset: 0, dtype: .float32,
      storage: dense.storage)
  }

  /// Several neighbouring dimensions as one.
  ///
  /// - Parameters:
  ///   - first: The first of them; negative from the end.
  ///   - last: The last of them; negative from the end.
  /// - Returns: A view where the strides allow it, else a copy; a scalar becomes one element.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public func flattened(from first: Int = 0, to last: Int = -1) throws(TensorError) -> Tensor {
    let begin = try Shape.normalized(first, rank: rank, operation: "flatten")
    let end = try Shape.normalized(last, rank: rank, operation: "flatten", argument: 2)
    if rank == 0 { return try reshaped(to: [1]) }
    guard begin <= end else {
      throw .badArgument(operation: "flatten", argument: 2, detail: "dimension \(last) comes before \(first)")
    }
    let merged = shape[begin...end].reduce(1, &*)
    return try reshaped(to: shape[..<begin] + [merged] + shape[(end + 1)...])
  }

  /// `wanted` with its -1 worked out, when it holds exactly this tensor's elements.
  private func resolved(_ wanted: [Int]) throws(TensorError) -> [Int] {
    func bad(_ detail: String) -> TensorError { .badArgument(operation: "reshape", argument: 1, detail: detail) }
    var text: String { TensorError.text(wanted) }
    guard wanted.count <= Shape.maximumRank else { throw .badShape(wanted, reason: "more than 8 dimensions") }
    var known = 1
    var open: Int?
    for (position, size) in wanted.enumerated() {
      if size == -1 {
        if open != nil { throw bad("the shape \(text) leaves more than one size open") }
        open = position
        continue
      }
      if size < 0 { throw bad("the shape \(text) has a negative size") }
      let (product, overflow) = known.multipliedReportingOverflow(by: size)
      // A zero anywhere makes the product zero, however large the others are.
      known = overflow ? (wanted.contains(0) ? 0 : Int.max) : product
    }
    let count = self.count
    var result = wanted
    if let open {
      guard known > 0 else { throw bad("the open size of \(text) could be anything") }
      guard count % known == 0 else { throw bad("the shape \(text) does not divide \(count) elements") }
      result[open] = count / known
    } else if known != count {
      throw bad("the shape \(text) does not hold \(count) elements")
    }
    _ = try Shape.elementCount(of: result)
    return result
  }

  /// Strides that show these elements with `newShape`, which has as many of them, if there are any.
  private func viewStrides(for newShape: [Int]) -> [Int]? {
    if isContiguous { return Shape.contiguousStrides(of: newShape) }
    var result = [Int](repeating: 1, count: newShape.count)
    var position = newShape.count - 1
    var dimension = rank - 1
    while dimension >= 0 {
      // One block of old dimensions that lie in a row.
      let blockStride = strides[dimension]
      var blockCount = shape[dimension]
      while dimension > 0
        && (shape[dimension - 1] == 1 || strides[dimension - 1] == blockCount &* blockStride)
      {
        dimension -= 1
        blockCount &*= shape[dimension]
      }
      dimension -= 1
      // New dimensions must fill it exactly.
      var filled = 1
      while position >= 0 && (filled < blockCount || newShape[position] == 1) {
        result[position] = filled &* blockStride
        filled &*= newShape[position]
        position -= 1
      }
      if filled != blockCount { return nil }
    }
    return position < 0 ? result : nil
  }
}
