internal import CMoonKernels

/// Comparison element by element, with broadcasting: 1 where it holds, 0 where not. Not-a-number compares unequal to
/// everything. The dotted operators are those that the standard library's SIMD types use.
extension Tensor {
  /// 1 where the left element is the smaller one.
  public static func .< (left: Tensor, right: Tensor) throws(TensorError) -> Tensor { try combine(.less, left, right) }

  /// 1 where the left element is smaller or equal.
  public static func .<= (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try combine(.less_equal, left, right)
  }

  /// 1 where the left element is the larger one.
  public static func .> (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try combine(.greater, left, right)
  }

  /// 1 where the left element is larger or equal.
  public static func .>= (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try combine(.greater_equal, left, right)
  }

  /// 1 where the elements are equal.
  public static func .== (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try combine(.equal, left, right)
  }

  /// 1 where the elements differ.
  public static func .!= (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try combine(.not_equal, left, right)
  }

  /// 1 where the element is smaller than the number.
  public static func .< (left: Tensor, right: Float) throws(TensorError) -> Tensor { try left.combine(.less, right) }

  /// 1 where the element is smaller than the number or equal.
  public static func .<= (left: Tensor, right: Float) throws(TensorError) -> Tensor {
    try left.combine(.less_equal, right)
  }

  /// 1 where the element is larger than the number.
  public static func .> (left: Tensor, right: Float) throws(TensorError) -> Tensor { try left.combine(.greater, right) }

  /// 1 where the element is larger than the number or equal.
  public static func .>= (left: Tensor, right: Float) throws(TensorError) -> Tensor {
    try left.combine(.greater_equal, right)
  }

  /// 1 where the element equals the number.
  public static func .== (left: Tensor, right: Float) throws(TensorError) -> Tensor { try left.combine(.equal, right) }

  /// 1 where the element differs from the number.
  public static func .!= (left: Tensor, right: Float) throws(TensorError) -> Tensor {
    try left.combine(.not_equal, right)
  }

  /// Picks from two tensors, element by element.
  ///
  /// - Parameters:
  ///   - condition: Anything but 0 picks from `chosen`; broadcast.
  ///   - chosen: Elements where the condition holds; broadcast.
  ///   - other: Elements where it does not; broadcast.
  /// - Returns: The broadcast shape.
  /// - Throws: `TensorError.notBroadcastable`, `.outOfBudget`, `.interrupted`.
  public static func `where`(
    _ condition: Tensor, _ chosen: Tensor, else other: Tensor
  ) throws(TensorError) -> Tensor {
    try combine(.where, condition, chosen, other)
  }
}
