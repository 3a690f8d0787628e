internal import CMoonKernels

/// Functions of one element. Each returns a new tensor of the same shape; errors are within two units in the last place
/// of the exact value, and special values are those of C's `math.h`.
extension Tensor {
  /// Absolute values.
  public func abs() throws(TensorError) -> Tensor { try map(.absolute) }

  /// Square roots; not-a-number below 0.
  public func sqrt() throws(TensorError) -> Tensor { try map(.square_root) }

  /// Powers of e.
  public func exp() throws(TensorError) -> Tensor { try map(.exponential) }

  /// Natural logarithms; minus infinity at 0, not-a-number below.
  public func log() throws(TensorError) -> Tensor { try map(.logarithm) }

  /// Sines of radians.
  public func sin() throws(TensorError) -> Tensor { try map(.sine) }

  /// Cosines of radians.
  public func cos() throws(TensorError) -> Tensor { try map(.cosine) }

  /// Arc cosines in radians, 0 to pi; not-a-number outside -1...1.
  public func acos() throws(TensorError) -> Tensor { try map(.arc_cosine) }

  /// Hyperbolic tangents.
  public func tanh() throws(TensorError) -> Tensor { try map(.hyperbolic_tangent) }

  /// 1 for elements above 0, -1 below, and 0 for the rest, as `torch.sign`: not-a-number counts as 0.
  public func sign() throws(TensorError) -> Tensor { try map(.sign) }

  /// The next whole numbers below, or the elements themselves.
  public func floor() throws(TensorError) -> Tensor { try map(.floor) }

  /// The next whole numbers above, or the elements themselves.
  public func ceil() throws(TensorError) -> Tensor { try map(.ceiling) }

  /// The nearest whole numbers; halves go to the even one, as in `torch.round`.
  public func round() throws(TensorError) -> Tensor { try map(.round) }

  /// Elements kept inside a range, as `torch.clamp`: the upper bound wins when the bounds cross, not-a-number stays.
  ///
  /// - Parameters:
  ///   - minimum: Lower bound, or nil for none.
  ///   - maximum: Upper bound, or nil for none.
  /// - Returns: The same shape.
  /// - Throws: `TensorError.badArgument` when both bounds are nil; `.outOfBudget`, `.interrupted`.
  public func clamped(minimum: Float?, maximum: Float?) throws(TensorError) -> Tensor {
    guard minimum != nil || maximum != nil else {
      throw .badArgument(operation: "clamp", argument: 1, detail: "at least one of min and max is needed")
    }
    return try clamped(
      minimum: Tensor(scalar: minimum ?? -.infinity), maximum: Tensor(scalar: maximum ?? .infinity))
  }

  /// Elements kept between those of two tensors.
  ///
  /// - Parameters:
  ///   - minimum: Lower bounds; broadcast.
  ///   - maximum: Upper bounds; broadcast.
  /// - Returns: The broadcast shape.
  /// - Throws: `TensorError.notBroadcastable`, `.outOfBudget`, `.interrupted`.
  public func clamped(minimum: Tensor, maximum: Tensor) throws(TensorError) -> Tensor {
    try Self.combine(.clamp, self, minimum, maximum)
  }

  /// Linear interpolation `self + weight * (end - self)`, exact at both ends.
  ///
  /// - Parameters:
  ///   - end: Where weight 1 leads; broadcast.
  ///   - weight: 0 for this tensor, 1 for `end`; other values extrapolate.
  /// - Returns: The broadcast shape.
  /// - Throws: `TensorError.notBroadcastable`, `.outOfBudget`, `.interrupted`.
  public func lerp(to end: Tensor, weight: Float) throws(TensorError) -> Tensor {
    try lerp(to: end, weight: Tensor(scalar: weight))
  }

  /// Linear interpolation with a weight for each element.
  ///
  /// - Parameters:
  ///   - end: Where weight 1 leads; broadcast.
  ///   - weight: One weight an element; broadcast.
  /// - Returns: The broadcast shape.
  /// - Throws: `TensorError.notBroadcastable`, `.outOfBudget`, `.interrupted`.
  public func lerp(to end: Tensor, weight: Tensor) throws(TensorError) -> Tensor {
    try Self.combine(.lerp, self, end, weight)
  }
}
