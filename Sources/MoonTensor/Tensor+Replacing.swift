/// Copies with a part of them replaced. Every result is a new contiguous float32 tensor.
extension Tensor {
  /// A copy with one index of a dimension replaced, as `torch.select_scatter`.
  ///
  /// - Parameters:
  ///   - dimension: The dimension; negative from the end.
  ///   - index: The index replaced; negative from the end.
  ///   - source: The new elements, of the shape of `select(dimension, at: index)`.
  /// - Returns: The same shape.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public func replacing(_ dimension: Int, at index: Int, with source: Tensor) throws(TensorError) -> Tensor {
    try replacing(source, operation: "select_scatter") { (tensor: Tensor) throws(TensorError) in
      try tensor.select(dimension, at: index, operation: "select_scatter", argument: 2)
    }
  }

  /// A copy with every `step`th index of a dimension from `start` to before `end` replaced, as `torch.slice_scatter`.
  ///
  /// - Parameters:
  ///   - dimension: The dimension; negative from the end.
  ///   - start: First index replaced, by default 0; negative from the end.
  ///   - end: First index not replaced, by default the size; negative from the end.
  ///   - step: Distance of the indices replaced, at least 1.
  ///   - source: The new elements, of the shape of `slice(dimension, from: start, to: end, by: step)`.
  /// - Returns: The same shape.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public func replacing(
    _ dimension: Int, from start: Int? = nil, to end: Int? = nil, by step: Int = 1, with source: Tensor
  ) throws(TensorError) -> Tensor {
    try replacing(source, operation: "slice_scatter") { (tensor: Tensor) throws(TensorError) in
      try tensor.slice(dimension, from: start, to: end, by: step, operation: "slice_scatter", argument: 2)
    }
  }

  /// A copy whose `part`, a view of it, has the elements of `source`.
  private func replacing(
    _ source: Tensor, operation: String, _ part: (Tensor) throws(TensorError) -> Tensor
  ) throws(TensorError) -> Tensor {
    let wanted = try part(self).shape
    guard source.shape == wanted else {
      throw .badArgument(
        operation: operation, argument: 1,
        detail: "the shape is \(TensorError.text(source.shape)), wanted \(TensorError.text(wanted))")
    }
    let result = try copied()
    let place = try part(result)
    guard place.count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    try unsafe source.copyElements(to: destination + place.offset, strides: place.strides)
    return result
  }
}
