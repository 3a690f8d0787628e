/// The elements of dimensions in another order. Every result is a new contiguous float32 tensor.
extension Tensor {
  /// Elements moved along dimensions, as `torch.roll`: what leaves at one end comes back at the other.
  ///
  /// - Parameters:
  ///   - shifts: How far, toward higher indices; negative the other way. At least one.
  ///   - dimensions: One dimension a shift, negative from the end; a dimension that appears twice is moved twice. None of
  ///     them for the one shift of a tensor that is seen as a single row.
  /// - Returns: The same shape.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public func rolled(_ shifts: [Int], along dimensions: [Int] = []) throws(TensorError) -> Tensor {
    if shifts.isEmpty { throw .badArgument(operation: "roll", argument: 1, detail: "no shifts") }
    if dimensions.isEmpty, shifts.count == 1 {
      return try reshaped(to: [count]).rolled(shifts, along: [0]).reshaped(to: shape)
    }
    guard shifts.count == dimensions.count else {
      throw .badArgument(
        operation: "roll", argument: 2, detail: "\(dimensions.count) dimensions for \(shifts.count) shifts")
    }
    try requireDimensions("roll", argument: 2)
    // Where the first index of each dimension comes to lie.
    var starts = [Int](repeating: 0, count: rank)
    for (shift, given) in zip(shifts, dimensions) {
      let dimension = try Shape.normalized(given, rank: rank, operation: "roll", argument: 2)
      let size = shape[dimension]
      if size > 0 { starts[dimension] = (starts[dimension] + shift % size + size) % size }
    }
    let result = try Tensor(uninitialized: shape)
    guard result.count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    // The two stretches of each dimension change places, so that the tensor falls into blocks.
    var blocks = [(source: self, start: 0)]
    for (dimension, start) in starts.enumerated() where start > 0 {
      let (length, stride) = (shape[dimension] - start, result.strides[dimension])
      var parts: [(source: Tensor, start: Int)] = []
      for block in blocks {
        let front = try block.source.narrow(dimension, start: 0, length: length)
        let back = try block.source.narrow(dimension, start: length, length: start)
        parts += [(front, block.start + start * stride), (back, block.start)]
      }
      blocks = parts
    }
    let environment = TensorEnvironment.current
    for (index, block) in blocks.enumerated() {
      if index % 16 == 15 { try environment.check() }
      try unsafe block.source.copyElements(to: destination + block.start, strides: result.strides)
    }
    return result
  }

  /// Dimensions from their ends to their beginnings, as `torch.flip`.
  ///
  /// - Parameter dimensions: Each at most once; negative from the end.
  /// - Returns: The same shape.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public func flipped(_ dimensions: [Int]) throws(TensorError) -> Tensor {
    var (first, steps) = (offset, strides)
    var isUsed = [Bool](repeating: false, count: max(rank, 1))
    for given in dimensions {
      let dimension = try Shape.normalized(given, rank: rank, operation: "flip")
      if isUsed[dimension] {
        throw .badArgument(operation: "flip", argument: 1, detail: "dimension \(given) appears twice")
      }
      isUsed[dimension] = true
      if rank == 0 || shape[dimension] == 0 { continue }
      first += (shape[dimension] - 1) * strides[dimension]
      steps[dimension] = -strides[dimension]
    }
    // The same elements, walked backwards; no other operation sees strides below 0.
    let reversed = Tensor(shape: shape, strides: steps, offset: first, dtype: dtype, storage: storage)
    return try reversed.copied()
  }
}
