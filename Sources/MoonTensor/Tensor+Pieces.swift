extension Tensor {
  /// The most pieces that one call cuts a tensor into.
  package static let maximumPieces = 4096

  /// At most `count` pieces of one dimension, all equal but perhaps the last, as `torch.chunk`: 5 rows in 4 chunks are
  /// pieces of 2, 2 and 1.
  ///
  /// - Parameters:
  ///   - count: The wanted number of pieces, at least 1.
  ///   - dimension: The dimension; negative from the end.
  /// - Returns: Views, fewer than `count` where the size does not allow as many.
  /// - Throws: `TensorError.badArgument`.
  public func chunks(_ count: Int, along dimension: Int = 0) throws(TensorError) -> [Tensor] {
    try requireDimensions("chunk")
    guard count >= 1 else { throw .badArgument(operation: "chunk", argument: 1, detail: "\(count) chunks") }
    let dimension = try Shape.normalized(dimension, rank: rank, operation: "chunk", argument: 2)
    let size = shape[dimension]
    let step = size == 0 ? 0 : (size - 1) / count + 1
    let pieces = size == 0 ? count : (size - 1) / step + 1
    return try cut(pieces, step, dimension, operation: "chunk")
  }

  /// Pieces of `size` indices of one dimension; the last may be smaller.
  ///
  /// - Parameters:
  ///   - size: Indices a piece, at least 1; 0 only for a dimension of size 0.
  ///   - dimension: The dimension; negative from the end.
  /// - Returns: Views.
  /// - Throws: `TensorError.badArgument`.
  public func split(_ size: Int, along dimension: Int = 0) throws(TensorError) -> [Tensor] {
    try requireDimensions("split")
    let dimension = try Shape.normalized(dimension, rank: rank, operation: "split", argument: 2)
    let whole = shape[dimension]
    guard size >= (whole == 0 ? 0 : 1) else {
      throw .badArgument(operation: "split", argument: 1, detail: "size \(size)")
    }
    return try cut(whole == 0 ? 1 : (whole - 1) / size + 1, size, dimension, operation: "split")
  }

  /// Pieces of the sizes given, which add up to the dimension's.
  ///
  /// - Parameters:
  ///   - sizes: Indices of each piece.
  ///   - dimension: The dimension; negative from the end.
  /// - Returns: One view a size.
  /// - Throws: `TensorError.badArgument`.
  public func split(_ sizes: [Int], along dimension: Int = 0) throws(TensorError) -> [Tensor] {
    try requireDimensions("split")
    let dimension = try Shape.normalized(dimension, rank: rank, operation: "split", argument: 2)
    try Self.checkPieces(sizes.count, operation: "split")
    var left = shape[dimension]
    for size in sizes {
      guard size >= 0, size <= left else {
        throw .badArgument(operation: "split", argument: 1, detail: "size \(size) outside 0..\(left)")
      }
      left -= size
    }
    guard left == 0 else {
      throw .badArgument(
        operation: "split", argument: 1,
        detail: "the sizes add up to \(shape[dimension] - left), not to \(shape[dimension])")
    }
    var result: [Tensor] = []
    var start = 0
    for size in sizes {
      result.append(try narrow(dimension, start: start, length: size))
      start += size
    }
    return result
  }

  /// `pieces` views of `step` indices each, the last one of what is left.
  private func cut(_ pieces: Int, _ step: Int, _ dimension: Int, operation: String) throws(TensorError) -> [Tensor] {
    try Self.checkPieces(pieces, operation: operation)
    let size = shape[dimension]
    var result: [Tensor] = []
    for piece in 0..<pieces {
      let start = size == 0 ? 0 : piece * step
      result.append(try narrow(dimension, start: start, length: min(step, size - start)))
    }
    return result
  }

  private static func checkPieces(_ pieces: Int, operation: String) throws(TensorError) {
    if pieces > maximumPieces {
      throw .badArgument(operation: operation, argument: 1, detail: "\(pieces) pieces, at most \(maximumPieces)")
    }
  }
}
