internal import CMoonKernels

extension Tensor {
  /// A tensor of no dimensions that holds one number.
  ///
  /// - Parameter value: The number.
  /// - Throws: `TensorError.outOfBudget`.
  public init(scalar value: Float) throws(TensorError) {
    try self.init(uninitialized: [])
    unsafe mutableFloats.update(repeating: value)
  }

  /// A tensor of zeros.
  ///
  /// - Parameter shape: Sizes, outermost first, none negative.
  /// - Returns: A float32 tensor.
  /// - Throws: `TensorError.badShape`, `.outOfBudget`, `.interrupted`.
  public static func zeros(_ shape: [Int]) throws(TensorError) -> Tensor { try full(shape, value: 0) }

  /// A tensor of ones.
  ///
  /// - Parameter shape: Sizes, outermost first, none negative.
  /// - Returns: A float32 tensor.
  /// - Throws: `TensorError.badShape`, `.outOfBudget`, `.interrupted`.
  public static func ones(_ shape: [Int]) throws(TensorError) -> Tensor { try full(shape, value: 1) }

  /// A tensor whose elements all equal `value`.
  ///
  /// - Parameters:
  ///   - shape: Sizes, outermost first, none negative.
  ///   - value: The value of every element.
  /// - Returns: A float32 tensor.
  /// - Throws: `TensorError.badShape`, `.outOfBudget`, `.interrupted`.
  public static func full(_ shape: [Int], value: Float) throws(TensorError) -> Tensor {
    let result = try Tensor(uninitialized: shape)
    try result.overwrite(with: value)
    return result
  }

  /// Writes `value` to every element; the tensor is contiguous and nobody else's.
  func overwrite(with value: Float) throws(TensorError) {
    guard let destination = unsafe mutableFloats.baseAddress else { return }
    try Self.forEachElementRange(of: count) { range in
      unsafe moon_fill(destination + range.lowerBound, value, range.count)
    }
  }

  /// The numbers from `start` up to but not including `end`, `step` apart: `start + i * step`, computed in double
  /// precision.
  ///
  /// - Parameters:
  ///   - start: The first number.
  ///   - end: Where to stop.
  ///   - step: The distance, not 0; negative to count down.
  /// - Returns: One dimension of `ceil((end - start) / step)` elements.
  /// - Throws: `TensorError.badArgument`, `.badShape`, `.outOfBudget`, `.interrupted`.
  public static func arange(
    from start: Double = 0, to end: Double, by step: Double = 1
  ) throws(TensorError) -> Tensor {
    guard start.isFinite else { throw .badArgument(operation: "arange", argument: 1, detail: "start \(start)") }
    guard end.isFinite else { throw .badArgument(operation: "arange", argument: 2, detail: "end \(end)") }
    guard step.isFinite, step != 0 else { throw .badArgument(operation: "arange", argument: 3, detail: "step \(step)") }
    guard start == end || (start < end) == (step > 0) else {
      throw .badArgument(
        operation: "arange", argument: 3, detail: "step \(step) leads from \(start) away from \(end)")
    }
    let steps = ((end - start) / step).rounded(.up)
    guard let count = Int(exactly: steps) else {
      throw .badArgument(operation: "arange", argument: 3, detail: "\(steps) elements")
    }
    let result = try Tensor(uninitialized: [count])
    guard count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    try forEachElementRange(of: count) { range in
      unsafe moon_arange(destination + range.lowerBound, start, step, range.lowerBound, range.count)
    }
    return result
  }
}
