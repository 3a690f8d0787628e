/// Views: other shapes over the same elements, nothing copied. Dimensions and indices count from 0 and may be negative,
/// counted from the end then, as in PyTorch.
extension Tensor {
  /// This tensor's elements seen with another shape.
  private func view(_ shape: [Int], _ strides: [Int], offset: Int? = nil) -> Tensor {
    Tensor(shape: shape, strides: strides, offset: offset ?? self.offset, dtype: dtype, storage: storage)
  }

  /// The size of one dimension.
  ///
  /// - Parameter dimension: A dimension; negative from the end.
  /// - Returns: Its size.
  /// - Throws: `TensorError.badArgument`.
  public func size(of dimension: Int) throws(TensorError) -> Int {
    try requireDimensions("size")
    return shape[try Shape.normalized(dimension, rank: rank, operation: "size")]
  }

  /// Throws where an operation along a dimension meets a tensor that has none.
  func requireDimensions(_ operation: String, argument: Int = 1) throws(TensorError) {
    if rank == 0 {
      throw .badArgument(operation: operation, argument: argument, detail: "the tensor has no dimensions")
    }
  }

  /// A part of one dimension.
  ///
  /// - Parameters:
  ///   - dimension: The dimension; negative from the end.
  ///   - start: First index kept; negative from the end.
  ///   - length: Indices kept, none negative.
  /// - Returns: A view with `length` in place of the dimension's size.
  /// - Throws: `TensorError.badArgument`.
  public func narrow(_ dimension: Int, start: Int, length: Int) throws(TensorError) -> Tensor {
    try requireDimensions("narrow")
    let dimension = try Shape.normalized(dimension, rank: rank, operation: "narrow")
    let size = shape[dimension]
    guard start >= -size, start <= size else {
      throw .badArgument(
        operation: "narrow", argument: 2, detail: "start \(start) outside \(start < 0 ? -size : 0)..\(size)")
    }
    let first = start < 0 ? start + size : start
    guard length >= 0, length <= size - first else {
      throw .badArgument(
        operation: "narrow", argument: 3, detail: "length \(length) outside 0..\(size - first)")
    }
    var newShape = shape
    newShape[dimension] = length
    return view(newShape, strides, offset: offset + first * strides[dimension])
  }

  /// One index of a dimension, which goes away.
  ///
  /// - Parameters:
  ///   - dimension: The dimension; negative from the end.
  ///   - index: The index kept; negative from the end.
  /// - Returns: A view with one dimension less.
  /// - Throws: `TensorError.badArgument`.
  public func select(_ dimension: Int, at index: Int) throws(TensorError) -> Tensor {
    try select(dimension, at: index, operation: "select", argument: 1)
  }

  /// `select(_:at:)` for `operation`, whose arguments from `argument` on are the dimension and the index.
  func select(
    _ dimension: Int, at index: Int, operation: String, argument: Int
  ) throws(TensorError) -> Tensor {
    try requireDimensions(operation, argument: argument)
    let dimension = try Shape.normalized(dimension, rank: rank, operation: operation, argument: argument)
    let size = shape[dimension]
    guard index >= -size, index < size else {
      throw .badArgument(operation: operation, argument: argument + 1, detail: Self.outside("index", index, size))
    }
    var (newShape, newStrides) = (shape, strides)
    newShape.remove(at: dimension)
    newStrides.remove(at: dimension)
    return view(newShape, newStrides, offset: offset + (index < 0 ? index + size : index) * strides[dimension])
  }

  /// `index 5 outside -4..3`, also for a dimension of size 0.
  static func outside(_ name: String, _ index: Int, _ size: Int) -> String {
    size == 0 ? "\(name) \(index), but the size is 0" : "\(name) \(index) outside \(-size)..\(size - 1)"
  }

  /// Every `step`th index from `start` to before `end`. Bounds beyond the dimension are moved to its ends, as in Python.
  ///
  /// - Parameters:
  ///   - dimension: The dimension; negative from the end.
  ///   - start: First index kept, by default 0; negative from the end.
  ///   - end: First index not kept, by default the size; negative from the end.
  ///   - step: Distance of the indices kept, at least 1.
  /// - Returns: A view.
  /// - Throws: `TensorError.badArgument`.
  public func slice(
    _ dimension: Int, from start: Int? = nil, to end: Int? = nil, by step: Int = 1
  ) throws(TensorError) -> Tensor {
    try slice(dimension, from: start, to: end, by: step, operation: "slice", argument: 1)
  }

  /// `slice(_:from:to:by:)` for `operation`, whose arguments from `argument` on are the dimension, the bounds and the
  /// step.
  func slice(
    _ dimension: Int, from start: Int?, to end: Int?, by step: Int, operation: String, argument: Int
  ) throws(TensorError) -> Tensor {
    try requireDimensions(operation, argument: argument)
    let dimension = try Shape.normalized(dimension, rank: rank, operation: operation, argument: argument)
    guard step >= 1 else {
      throw .badArgument(operation: operation, argument: argument + 3, detail: "step \(step) is below 1")
    }
    let size = shape[dimension]
    let first = Self.bounded(start ?? 0, size)
    let last = Self.bounded(end ?? size, size)
    let length = last > first ? (last - first - 1) / step + 1 : 0
    var (newShape, newStrides) = (shape, strides)
    newShape[dimension] = length
    if length > 1 { newStrides[dimension] *= step }
    return view(newShape, newStrides, offset: offset + first * strides[dimension])
  }

  /// A slice bound counted from 0 and moved into `0...size`.
  private static func bounded(_ bound: Int, _ size: Int) -> Int {
    bound < 0 ? max(0, bound + size) : min(bound, size)
  }

  /// The dimensions in another order.
  ///
  /// - Parameter dimensions: Every dimension once; negative from the end.
  /// - Returns: A view whose dimension `i` is this tensor's dimension `dimensions[i]`.
  /// - Throws: `TensorError.badArgument`.
  public func permuted(_ dimensions: [Int]) throws(TensorError) -> Tensor {
    guard dimensions.count == rank else {
      throw .badArgument(
        operation: "permute", argument: 1, detail: "\(dimensions.count) dimensions for a tensor of \(rank)")
    }
    var (newShape, newStrides) = (shape, strides)
    var isUsed = [Bool](repeating: false, count: rank)
    for (position, given) in dimensions.enumerated() {
      let dimension = try Shape.normalized(given, rank: rank, operation: "permute")
      if isUsed[dimension] {
        throw .badArgument(operation: "permute", argument: 1, detail: "dimension \(given) appears twice")
      }
      isUsed[dimension] = true
      newShape[position] = shape[dimension]
      newStrides[position] = strides[dimension]
    }
    return view(newShape, newStrides)
  }

  /// Two dimensions exchanged.
  ///
  /// - Parameters:
  ///   - first: A dimension; negative from the end.
  ///   - second: The other one.
  /// - Returns: A view.
  /// - Throws: `TensorError.badArgument`.
  public func transposed(_ first: Int, _ second: Int) throws(TensorError) -> Tensor {
    let first = try Shape.normalized(first, rank: rank, operation: "transpose")
    let second = try Shape.normalized(second, rank: rank, operation: "transpose", argument: 2)
    if rank == 0 { return self }
    var (newShape, newStrides) = (shape, strides)
    newShape.swapAt(first, second)
    newStrides.swapAt(first, second)
    return view(newShape, newStrides)
  }

  /// Without dimensions of size 1: the one given if its size is 1, or all of them.
  ///
  /// - Parameter dimension: A dimension, negative from the end; nil for all of size 1.
  /// - Returns: A view.
  /// - Throws: `TensorError.badArgument`.
  public func squeezed(_ dimension: Int? = nil) throws(TensorError) -> Tensor {
    if let dimension {
      let dimension = try Shape.normalized(dimension, rank: rank, operation: "squeeze")
      guard rank > 0, shape[dimension] == 1 else { return self }
      return try select(dimension, at: 0)
    }
    let kept = shape.indices.filter { shape[$0] != 1 }
    return view(kept.map { shape[$0] }, kept.map { strides[$0] })
  }

  /// With a new dimension of size 1.
  ///
  /// - Parameter dimension: Where the new dimension stands in the result; negative from the end.
  /// - Returns: A view.
  /// - Throws: `TensorError.badArgument`, `.badShape` beyond eight dimensions.
  public func unsqueezed(_ dimension: Int) throws(TensorError) -> Tensor {
    let dimension = try Shape.normalized(dimension, rank: rank + 1, operation: "unsqueeze")
    var (newShape, newStrides) = (shape, strides)
    newShape.insert(1, at: dimension)
    newStrides.insert(dimension < rank ? shape[dimension] &* strides[dimension] : 1, at: dimension)
    _ = try Shape.elementCount(of: newShape)
    return view(newShape, newStrides)
  }

  /// Repeated along dimensions of size 1, and along new ones in front, without copying.
  ///
  /// - Parameter newShape: The wanted sizes; -1 keeps a size.
  /// - Returns: A view; its elements count in full toward the limit on elements.
  /// - Throws: `TensorError.badArgument`, `.badShape`.
  public func expanded(to newShape: [Int]) throws(TensorError) -> Tensor {
    guard newShape.count >= rank else {
      throw .badArgument(
        operation: "expand", argument: 1,
        detail: "\(newShape.count) sizes for a tensor of \(rank) dimensions")
    }
    var sizes = newShape
    var newStrides = [Int](repeating: 0, count: min(newShape.count, Shape.maximumRank))
    if newShape.count > Shape.maximumRank { _ = try Shape.elementCount(of: newShape) }
    let lead = newShape.count - rank
    for position in sizes.indices {
      let own = position < lead ? nil : shape[position - lead]
      if sizes[position] == -1, let own { sizes[position] = own }
      guard sizes[position] >= 0, own == nil || own == 1 || own == sizes[position] else {
        throw .badArgument(
          operation: "expand", argument: 1,
          detail: "size \(newShape[position]) for a dimension of size \(own.map(String.init) ?? "1")")
      }
      if position >= lead, own == sizes[position] { newStrides[position] = strides[position - lead] }
    }
    _ = try Shape.elementCount(of: sizes)
    return view(sizes, newStrides)
  }
}
