internal import CMoonKernels

/// The drivers of all element-wise operations: one place that allocates, walks, splits over threads and asks to stop.
extension Tensor {
  /// Results of at most so many elements do not ask whether to stop: they are done in microseconds.
  static let uncheckedCount = 1 << 13

  /// Runs `body` over ranges of `count` elements, as `forEachShare(of:grain:_:)` does where there are more than a few.
  static func forEachElementRange(
    of count: Int, grain: Int = Parallel.elementsPerRange, _ body: (Range<Int>) -> Void
  ) throws(TensorError) {
    if count <= uncheckedCount {
      if count > 0 { body(0..<count) }
    } else {
      try forEachShare(of: count, grain: grain, body)
    }
  }

  /// Runs `body` over ranges of `count` items, on all threads when there are several ranges: of `grain` items, or of up
  /// to four times as many where that leaves each thread some.
  static func forEachShare(of count: Int, grain: Int, _ body: (Range<Int>) -> Void) throws(TensorError) {
    let environment = TensorEnvironment.current
    let share = min(max(count / environment.threads / 4, grain), 4 * grain)
    try Parallel.forEachRange(of: count, grain: share, asking: environment, body)
  }

  /// `left op right`, broadcast.
  static func combine(_ operation: moon_binary, _ left: Tensor, _ right: Tensor) throws(TensorError) -> Tensor {
    let left = try left.widened()
    let right = try right.widened()
    let shape = left.shape == right.shape ? left.shape : try Shape.broadcast(left.shape, right.shape)
    let result = try Tensor(uninitialized: shape)
    let count = result.count
    guard count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    let (from, with) = unsafe (left.floatPointer, right.floatPointer)
    defer { extendLifetime((left, right)) }
    let grain = operation.grain
    if let leftStride = left.runStride(for: shape), let rightStride = right.runStride(for: shape) {
      try forEachElementRange(of: count, grain: grain) { range in
        let start = range.lowerBound
        unsafe moon_binary_run(
          operation, destination + start, from + start * leftStride, leftStride, with + start * rightStride,
          rightStride, range.count)
      }
    } else {
      let walk = TensorWalk(
        shape: shape, strides: [left.broadcastStrides(to: shape), right.broadcastStrides(to: shape)])
      try forEachElementRange(of: count, grain: grain) { range in
        unsafe moon_binary_walk(operation, destination, from, with, walk.layout, range.lowerBound, range.upperBound)
      }
    }
    return result
  }

  /// 1 when the elements in row-major order are those of `shape`, 0 when all are one element, else nil.
  private func runStride(for shape: [Int]) -> Int? {
    if self.shape == shape && isContiguous { return 1 }
    return count == 1 ? 0 : nil
  }

  /// `self op number` or, `isReversed`, `number op self`.
  func combine(_ operation: moon_binary, _ number: Float, isReversed: Bool = false) throws(TensorError) -> Tensor {
    let number = try Tensor(scalar: number)
    return try isReversed ? Self.combine(operation, number, self) : Self.combine(operation, self, number)
  }

  /// `op(self)`.
  func map(_ operation: moon_unary) throws(TensorError) -> Tensor {
    let source = try widened()
    let result = try Tensor(uninitialized: shape)
    guard result.count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    let from = unsafe source.floatPointer
    defer { extendLifetime(source) }
    let grain = operation.grain
    if source.isContiguous {
      try Self.forEachElementRange(of: result.count, grain: grain) { range in
        let start = range.lowerBound
        unsafe moon_unary_run(operation, destination + start, from + start, 1, range.count)
      }
    } else {
      let walk = TensorWalk(shape: shape, strides: [source.strides])
      try Self.forEachElementRange(of: result.count, grain: grain) { range in
        unsafe moon_unary_walk(operation, destination, from, walk.layout, range.lowerBound, range.upperBound)
      }
    }
    return result
  }

  /// `op(first, second, third)`, broadcast.
  static func combine(
    _ operation: moon_ternary, _ first: Tensor, _ second: Tensor, _ third: Tensor
  ) throws(TensorError) -> Tensor {
    let (first, second, third) = (try first.widened(), try second.widened(), try third.widened())
    let shape = try Shape.broadcast(Shape.broadcast(first.shape, second.shape), third.shape)
    let result = try Tensor(uninitialized: shape)
    guard result.count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    let walk = TensorWalk(
      shape: shape,
      strides: [
        first.broadcastStrides(to: shape), second.broadcastStrides(to: shape), third.broadcastStrides(to: shape),
      ])
    let (from, with, by) = unsafe (first.floatPointer, second.floatPointer, third.floatPointer)
    defer { extendLifetime((first, second, third)) }
    try forEachElementRange(of: result.count) { range in
      unsafe moon_ternary_walk(operation, destination, from, with, by, walk.layout, range.lowerBound, range.upperBound)
    }
    return result
  }
}

extension moon_binary {
  /// Elements of one range: fewer where an element costs a call of the C library.
  fileprivate var grain: Int { self == .power ? 1 << 14 : Parallel.elementsPerRange }
}

extension moon_unary {
  /// Elements of one range: fewer where an element costs a call of the C library.
  fileprivate var grain: Int {
    switch self {
    case .sine, .cosine: 1 << 14
    default: Parallel.elementsPerRange
    }
  }
}
