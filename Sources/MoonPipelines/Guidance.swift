internal import MoonTensor

/// The arithmetic of classifier-free guidance.
enum Guidance {
  /// `unconditional + scale * (conditional - unconditional)`, in float32.
  /// - Source: arXiv 2207.12598, equation 6 in the reference's parametrisation.
  static func combine(conditional: Tensor, unconditional: Tensor, scale: Double) throws(TensorError) -> Tensor {
    try unconditional + (conditional - unconditional) * Float(scale)
  }

  /// Pulls the spread of each image of `guided` back towards that of `conditional`.
  ///
  /// - Parameters:
  ///   - guided: The combined prediction, batch first.
  ///   - conditional: The prediction for the prompt, same shape.
  ///   - share: 0 keeps `guided`, 1 takes the rescaled one whole.
  /// - Returns: The share of the rescaled prediction plus the rest of `guided`.
  /// - Throws: `TensorError`.
  /// - Source: arXiv 2305.08891, section 3.4; `Fixtures/traces`.
  static func rescale(_ guided: Tensor, to conditional: Tensor, share: Double) throws(TensorError) -> Tensor {
    let rest = Array(1..<guided.rank)
    let factor =
      try conditional.standardDeviation(along: rest, keepDimensions: true)
      / guided.standardDeviation(along: rest, keepDimensions: true)
    return try guided * factor * Float(share) + guided * Float(1 - share)
  }
}
