internal import CMoonKernels

/// `x W^T + b` over the last dimension, with weights as files store them.
package struct LinearLayer: Sendable {
  private let weight: Tensor
  private let bias: Tensor?
  private let prepared = PreparedWeights()

  /// Up to here rows are multiplied one by one with the weights as they lie; from there on weights are packed first.
  private static let fewRows = 4

  /// A layer with `weight` `[out, in]` and `bias` `[out]`, of any element type; half-precision weights stay half.
  package init(weight: Tensor, bias: Tensor?) throws(TensorError) {
    guard weight.rank == 2 else { throw .badShape(weight.shape, reason: "a linear layer's weight has two dimensions") }
    try bias?.requireShape([weight.shape[0]], operation: "linear layer")
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
    try residual?.requireShape(result.shape, operation: "linear layer")
    guard result.count > 0, let c = unsafe result.mutableFloats.baseAddress else { return result }
    let source = try x.contiguous()
    let added = try residual?.contiguous()
    let (m, n, k) = (result.count / outputSize, outputSize, inputSize)
    let finish = { (rows: Range<Int>, columns: Range<Int>) in
      let start = rows.lowerBound * n + columns.lowerBound
      unsafe moon_finish_rows(
        c + start, n, rows.count, columns.count, bias.map { unsafe $0.floatPointer + columns.lowerBound },
        added.map { unsafe $0.floatPointer + start }, n, activation.rawValue)
    }
    try OperationProfile.measure(.linear, operations: 2 * Double(m) * Double(n) * Double(k)) { () throws(TensorError) in
      if m <= Self.fewRows {
        let grain = 64
        return try Parallel.forEachPiece(of: (n + grain - 1) / grain) { piece in
          let columns = piece * grain..<min(n, (piece + 1) * grain)
          unsafe moon_dot_rows(
            c + columns.lowerBound, n, source.floatPointer, m, weight.rawPointer(advancedBy: columns.lowerBound * k),
            weight.dtype.kernelKind, columns.count, k)
          finish(0..<m, columns)
        }
      }
      try unsafe PackedProduct(weight: weight, rows: m, columns: n, taps: 1, depth: k).run(
        keeping: prepared,
        point: { rows, pointers in
          for (index, row) in rows.enumerated() { unsafe pointers[index] = source.floatPointer + row * k }
        },
        { piece, _ in
          let (rows, columns) = (piece.rows, piece.columns)
          unsafe piece.multiply(into: c + rows.lowerBound * n + columns.lowerBound, stride: n)
          finish(rows, columns)
        })
    }
    return result
  }

  /// The first half of the outputs times GELU (erf form) of the second half: `self(x).gatedGELU()` without the tensor
  /// in between.
  ///
  /// - Parameter x: `[..., in]`.
  /// - Returns: `[..., out / 2]`.
  /// - Throws: `TensorError.shapeMismatch`, `.badShape`, `.outOfBudget`, `.interrupted`.
  package func gatedGELU(_ x: Tensor) throws(TensorError) -> Tensor {
    guard let last = x.shape.last, last == inputSize else {
      throw .shapeMismatch(operation: "linear layer", found: x.shape, wanted: [inputSize])
    }
    guard outputSize.isMultiple(of: 2) else {
      throw .badShape(weight.shape, reason: "a gated GELU needs an even last size")
    }
    let (n, k) = (outputSize / 2, inputSize)
    let result = try Tensor(uninitialized: x.shape.dropLast() + [n])
    guard result.count > 0, let c = unsafe result.mutableFloats.baseAddress else { return result }
    let source = try x.contiguous()
    let m = result.count / n
    try OperationProfile.measure(.gated, operations: 4 * Double(m) * Double(n) * Double(k)) { () throws(TensorError) in
      try unsafe PackedProduct(weight: weight, rows: m, columns: n, taps: 1, depth: k, sets: 2).run(
        room: 2 * PackedProduct.panel, keeping: prepared,
        point: { rows, pointers in
          for (index, row) in rows.enumerated() { unsafe pointers[index] = source.floatPointer + row * k }
        },
        { piece, values in
          let (rows, columns) = (piece.rows, piece.columns)
          let gates = unsafe values + rows.count * columns.count
          unsafe piece.multiply(set: 0, into: values, stride: columns.count)
          unsafe piece.multiply(set: 1, into: gates, stride: columns.count)
          unsafe moon_gate_rows(
            c + rows.lowerBound * n + columns.lowerBound, n, values, gates, columns.count, rows.count, columns.count,
            bias.map { unsafe $0.floatPointer + columns.lowerBound },
            bias.map { unsafe $0.floatPointer + n + columns.lowerBound })
        })
    }
    return result
  }
}
