/// Tensors put together. Every result is a new contiguous float32 tensor.
extension Tensor {
  /// Tensors one after the other along a dimension, as `torch.cat`. Tensors of shape `[0]` are left out.
  ///
  /// - Parameters:
  ///   - tensors: At least one; the same sizes but along `dimension`.
  ///   - dimension: The dimension that grows; negative from the end.
  /// - Returns: The joined tensor.
  /// - Throws: `TensorError.badArgument`, `.shapeMismatch`, `.badShape`, `.outOfBudget`, `.interrupted`.
  public static func concatenated(_ tensors: [Tensor], along dimension: Int = 0) throws(TensorError) -> Tensor {
    guard let first = tensors.first(where: { $0.shape != [0] }) ?? tensors.first else {
      throw .badArgument(operation: "cat", argument: 1, detail: "no tensors")
    }
    if first.rank == 0 {
      throw .badArgument(operation: "cat", argument: 1, detail: "a tensor without dimensions; stack joins those")
    }
    let dimension = try Shape.normalized(dimension, rank: first.rank, operation: "cat", argument: 2)
    var shape = first.shape
    shape[dimension] = 0
    for tensor in tensors where tensor.shape != [0] {
      guard tensor.rank == first.rank,
        shape.indices.allSatisfy({ $0 == dimension || tensor.shape[$0] == shape[$0] })
      else { throw .shapeMismatch(operation: "cat", found: tensor.shape, wanted: first.shape) }
      let (sum, overflow) = shape[dimension].addingReportingOverflow(tensor.shape[dimension])
      if overflow { throw .badShape(first.shape, reason: "too many elements") }
      shape[dimension] = sum
    }
    let result = try Tensor(uninitialized: shape)
    guard result.count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    let environment = TensorEnvironment.current
    var start = 0
    for (index, tensor) in tensors.enumerated() where tensor.shape != [0] {
      if index % 256 == 255 { try environment.check() }
      try unsafe tensor.copyElements(
        to: destination + start * result.strides[dimension], strides: result.strides)
      start += tensor.shape[dimension]
    }
    return result
  }

  /// Tensors of one shape side by side along a new dimension, as `torch.stack`.
  ///
  /// - Parameters:
  ///   - tensors: At least one, all of one shape.
  ///   - dimension: Where the new dimension stands in the result; negative from the end.
  /// - Returns: The joined tensor.
  /// - Throws: `TensorError.badArgument`, `.shapeMismatch`, `.badShape`, `.outOfBudget`, `.interrupted`.
  public static func stacked(_ tensors: [Tensor], along dimension: Int = 0) throws(TensorError) -> Tensor {
    guard let first = tensors.first else {
      throw .badArgument(operation: "stack", argument: 1, detail: "no tensors")
    }
    let dimension = try Shape.normalized(dimension, rank: first.rank + 1, operation: "stack", argument: 2)
    var shape = first.shape
    shape.insert(tensors.count, at: dimension)
    let result = try Tensor(uninitialized: shape)
    for tensor in tensors where tensor.shape != first.shape {
      throw .shapeMismatch(operation: "stack", found: tensor.shape, wanted: first.shape)
    }
    guard result.count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    let environment = TensorEnvironment.current
    var strides = result.strides
    let step = strides.remove(at: dimension)
    for (index, tensor) in tensors.enumerated() {
      if index % 256 == 255 { try environment.check() }
      try unsafe tensor.copyElements(to: destination + index * step, strides: strides)
    }
    return result
  }

  /// Each index of the first dimension `repeats` times in a row, as `torch.repeat_interleave` with `dim=0`: images of one
  /// prompt stay side by side.
  ///
  /// - Parameter repeats: How often; none negative.
  /// - Returns: `repeats` times as many rows.
  /// - Throws: `TensorError.badArgument`, `.badShape`, `.outOfBudget`, `.interrupted`.
  public func repeatedRows(_ repeats: Int) throws(TensorError) -> Tensor {
    guard repeats >= 0 else {
      throw .badArgument(operation: "repeat_rows", argument: 1, detail: "\(repeats) times")
    }
    try requireDimensions("repeat_rows")
    let (rows, overflow) = shape[0].multipliedReportingOverflow(by: repeats)
    if overflow { throw .badShape(shape, reason: "too many elements") }
    let result = try Tensor(uninitialized: [rows] + shape.dropFirst())
    guard result.count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    let repeated = Tensor(
      shape: [shape[0], repeats] + shape.dropFirst(), strides: [strides[0], 0] + strides.dropFirst(), offset: offset,
      dtype: dtype, storage: storage)
    try unsafe repeated.copyElements(
      to: destination,
      strides: [result.strides[0] * repeats, result.strides[0]] + result.strides.dropFirst())
    return result
  }
}
