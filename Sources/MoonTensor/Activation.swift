internal import CMoonKernels

/// A function applied to each element at the end of a layer.
package enum Activation: Int32, Sendable, CaseIterable {
  /// The element as it is.
  case none
  /// x / (1 + e^-x).
  case silu
  /// x/2 (1 + erf(x / sqrt 2)).
  case gelu
  /// The GELU's approximation by a hyperbolic tangent.
  case geluTanh
  /// x / (1 + e^(-1.702 x)).
  case quickGELU
}

extension Tensor {
  /// `activation` of each element.
  package func activated(_ activation: Activation) throws(TensorError) -> Tensor {
    let source = try contiguous()
    let result = try Tensor(uninitialized: shape)
    guard let from = unsafe source.floatBuffer.baseAddress, let to = unsafe result.mutableFloats.baseAddress
    else { return result }
    let count = source.count
    let grain = 1 << 15
    try Parallel.forEachPiece(of: (count + grain - 1) / grain) { piece in
      let start = piece * grain
      unsafe moon_activate(to + start, from + start, min(grain, count - start), activation.rawValue)
    }
    return result
  }

  /// Halves the last dimension: its first half times GELU (erf form) of its second half.
  package func gatedGELU() throws(TensorError) -> Tensor {
    guard let doubled = shape.last, doubled.isMultiple(of: 2) else {
      throw .badShape(shape, reason: "a gated GELU needs an even last size")
    }
    let source = try contiguous()
    let width = doubled / 2
    let result = try Tensor(uninitialized: shape.dropLast() + [width])
    let rows = width == 0 ? 0 : result.count / width
    guard let from = unsafe source.floatBuffer.baseAddress, let to = unsafe result.mutableFloats.baseAddress
    else { return result }
    let grain = max(1, (1 << 15) / max(width, 1))
    try Parallel.forEachPiece(of: (rows + grain - 1) / grain) { piece in
      let start = piece * grain
      let line = unsafe from + start * doubled
      unsafe moon_gate_rows(
        to + start * width, width, line, line + width, doubled, min(grain, rows - start), width, nil, nil)
    }
    return result
  }
}
