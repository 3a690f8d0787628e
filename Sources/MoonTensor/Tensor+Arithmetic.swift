internal import CMoonKernels

/// Arithmetic with broadcasting, as in NumPy and PyTorch. A number beside a tensor stands for a tensor filled with it.
///
/// Every result is a new contiguous float32 tensor. Products and sums are rounded one by one, never fused.
extension Tensor {
  /// Sum, element by element.
  ///
  /// - Parameters:
  ///   - left: Any shape.
  ///   - right: A shape that broadcasts with `left`.
  /// - Returns: The broadcast shape.
  /// - Throws: `TensorError.notBroadcastable`, `.outOfBudget`, `.interrupted`.
  public static func + (left: Tensor, right: Tensor) throws(TensorError) -> Tensor { try combine(.add, left, right) }

  /// Difference, element by element; shapes and failures as for `+`.
  public static func - (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try combine(.subtract, left, right)
  }

  /// Product, element by element; shapes and failures as for `+`.
  public static func * (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try combine(.multiply, left, right)
  }

  /// Quotient, element by element, with infinities and not-a-number as IEEE 754 says; shapes and failures as for `+`.
  public static func / (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try combine(.divide, left, right)
  }

  /// Adds a number to each element.
  public static func + (left: Tensor, right: Float) throws(TensorError) -> Tensor { try left.combine(.add, right) }

  /// Adds a number to each element.
  public static func + (left: Float, right: Tensor) throws(TensorError) -> Tensor { try right.combine(.add, left) }

  /// Takes a number from each element.
  public static func - (left: Tensor, right: Float) throws(TensorError) -> Tensor {
    try left.combine(.subtract, right)
  }

  /// Takes each element from a number.
  public static func - (left: Float, right: Tensor) throws(TensorError) -> Tensor {
    try right.combine(.subtract, left, isReversed: true)
  }

  /// Multiplies each element by a number.
  public static func * (left: Tensor, right: Float) throws(TensorError) -> Tensor {
    try left.combine(.multiply, right)
  }

  /// Multiplies each element by a number.
  public static func * (left: Float, right: Tensor) throws(TensorError) -> Tensor {
    try right.combine(.multiply, left)
  }

  /// Divides each element by a number.
  public static func / (left: Tensor, right: Float) throws(TensorError) -> Tensor { try left.combine(.divide, right) }

  /// Divides a number by each element.
  public static func / (left: Float, right: Tensor) throws(TensorError) -> Tensor {
    try right.combine(.divide, left, isReversed: true)
  }

  /// Each element with its sign changed.
  public static prefix func - (operand: Tensor) throws(TensorError) -> Tensor { try operand.map(.negate) }

  /// Each element to the power of the element of `exponent`.
  ///
  /// - Parameter exponent: A shape that broadcasts with this tensor's.
  /// - Returns: The broadcast shape.
  /// - Throws: `TensorError.notBroadcastable`, `.outOfBudget`, `.interrupted`.
  public func raised(to exponent: Tensor) throws(TensorError) -> Tensor { try Self.combine(.power, self, exponent) }

  /// Each element to a power; the exponents 2, 3, 1/2, -1/2, -1 and -2 by products and roots, as in PyTorch.
  ///
  /// - Parameter exponent: Any number.
  /// - Returns: The same shape.
  /// - Throws: `TensorError.outOfBudget`, `.interrupted`.
  public func raised(to exponent: Float) throws(TensorError) -> Tensor { try combine(.power, exponent) }

  /// A number to the power of each element.
  ///
  /// - Parameters:
  ///   - base: Any number.
  ///   - exponent: Any shape.
  /// - Returns: The shape of `exponent`.
  /// - Throws: `TensorError.outOfBudget`, `.interrupted`.
  public static func power(_ base: Float, _ exponent: Tensor) throws(TensorError) -> Tensor {
    try exponent.combine(.power, base, isReversed: true)
  }

  /// The smaller of two elements; not-a-number when either is.
  ///
  /// - Parameter other: A shape that broadcasts with this tensor's.
  /// - Returns: The broadcast shape.
  /// - Throws: `TensorError.notBroadcastable`, `.outOfBudget`, `.interrupted`.
  public func smaller(of other: Tensor) throws(TensorError) -> Tensor { try Self.combine(.minimum, self, other) }

  /// The larger of two elements; not-a-number when either is.
  ///
  /// - Parameter other: A shape that broadcasts with this tensor's.
  /// - Returns: The broadcast shape.
  /// - Throws: `TensorError.notBroadcastable`, `.outOfBudget`, `.interrupted`.
  public func larger(of other: Tensor) throws(TensorError) -> Tensor { try Self.combine(.maximum, self, other) }

  /// The smaller of each element and a number; not-a-number when either is.
  public func smaller(of number: Float) throws(TensorError) -> Tensor { try combine(.minimum, number) }

  /// The larger of each element and a number; not-a-number when either is.
  public func larger(of number: Float) throws(TensorError) -> Tensor { try combine(.maximum, number) }
}
