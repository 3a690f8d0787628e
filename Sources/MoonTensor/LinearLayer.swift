internal import CMoonKernels

/// `x W^T + b` over the last dimension, with weights as files store them.
package struct LinearLayer: Sendable {
  private let weight: Tensor
  private let bias: Tensor?

  /// A layer with `weight` `[out, in]` and `bias` `[out]`, of any element type; half-precision weights stay half.
  package init(weight: Tensor, bias: Tensor?) throws(TensorError) {
    guard weight.rank == 2 else { throw .badShape(weight.shape, reason: "a linear layer's weight has two dimensions") }
    if let bias, bias.shape != [weight.shape[0]] {
      throw .shapeMismatch(operation: "linear layer", found: bias.shape, wanted: [weight.shape[0]])
    }
    self.weight = try weight.isContiguous ? weight : weight.contiguous()
    self.bias = try bias?.contiguous()
  }

  /// Size of the last dimension that goes in.
  package var inputSize: Int { weight.shape[1] }
  /// Size of the last dimension that comes out.
  package var outputSize: Int { weight.shape[0] }

  /// `activation(x W^T + b + residual)`.
  ///
  /// - Parameters:
  ///   - x: `[..., in]`.
  ///   - activation: Applied last.
  ///   - residual: Added before the activation, `[..., out]`.
  /// - Returns: `[..., out]`.
  /// - Throws: `TensorError.shapeMismatch`, `.outOfBudget`, `.interrupted`.
  package func callAsFunction(
    _ x: Tensor, activation: Activation = .none, adding residual: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    guard let last = x.shape.last, last == inputSize else {
      throw .shapeMismatch(operation: "linear layer", found: x.shape, wanted: [inputSize])
    }
    let result = try Tensor(uninitialized: x.shape.dropLast() + [outputSize])
    if let residual, residual.shape != result.shape {
      throw .shapeMismatch(operation: "linear layer", found: residual.shape, wanted: result.shape)
    }
    guard result.count > 0, let c = unsafe result.mutableFloats.baseAddress else { return result }
    let rows = try x.contiguous()
    let added = try residual?.contiguous()
    let (m, n, k) = (result.count / outputSize, outputSize, inputSize)
    let tile = MatrixProduct.Tile(m: m, n: n, k: k)
    try unsafe Parallel.forEachPiece(of: tile.count, scratch: weight.dtype == .float32 ? 0 : tile.n * k) {
      piece, scratch in
      let (rowRange, columnRange) = tile[piece]
      let (b, stride) = unsafe MatrixProduct.widened(
        weight, at: columnRange.lowerBound * k, rows: columnRange.count, columns: k, stride: k, into: scratch)
      let start = rowRange.lowerBound * n + columnRange.lowerBound
      unsafe MatrixProduct.block(
        rows.floatPointer + rowRange.lowerBound * k, stride: k, b, stride: stride, isTransposed: true, into: c + start,
        stride: n, m: rowRange.count, n: columnRange.count, k: k)
      unsafe moon_finish_rows(
        c + start, n, rowRange.count, columnRange.count, bias.map { unsafe $0.floatPointer + columnRange.lowerBound },
        added.map { unsafe $0.floatPointer + start }, n, activation.rawValue)
    }
    return result
  }
}
