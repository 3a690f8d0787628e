internal import CMoonKernels

/// Reading and writing single elements, and changes in place. A change touches this value alone: storage that another
/// tensor shares is copied first.
extension Tensor {
  /// The only element.
  ///
  /// - Returns: Its value.
  /// - Throws: `TensorError.badArgument` unless there is exactly one.
  public func item() throws(TensorError) -> Float {
    guard count == 1 else {
      throw .badArgument(operation: "item", argument: 1, detail: "the tensor has \(count) elements, not one")
    }
    return element(at: offset)
  }

  /// One element.
  ///
  /// - Parameter indices: One index a dimension; negative from the end.
  /// - Returns: Its value.
  /// - Throws: `TensorError.badArgument`.
  public func get(_ indices: [Int]) throws(TensorError) -> Float {
    element(at: try position(of: indices, operation: "get", argument: 1))
  }

  /// Changes one element.
  ///
  /// - Parameters:
  ///   - value: The new value.
  ///   - indices: One index a dimension; negative from the end.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public mutating func set(_ value: Float, at indices: [Int]) throws(TensorError) {
    _ = try position(of: indices, operation: "set", argument: 2)
    try makeUnique()
    let position = try position(of: indices, operation: "set", argument: 2)
    unsafe mutableFloats[position] = value
  }

  /// Sets every element to `value`.
  ///
  /// - Parameter value: The new value.
  /// - Throws: `TensorError.outOfBudget`, `.interrupted`; on an interrupt the elements may be a mixture.
  public mutating func fill(_ value: Float) throws(TensorError) {
    if isUniquelyWritable {
      try overwrite(with: value)
    } else {
      self = try Tensor.full(shape, value: value)
    }
  }

  /// Takes over the elements of `source`.
  ///
  /// - Parameter source: A shape that broadcasts to this one.
  /// - Throws: `TensorError.shapeMismatch`, `.outOfBudget`, `.interrupted`; on an interrupt the elements may be a mixture.
  public mutating func copy(from source: Tensor) throws(TensorError) {
    let source = try source.fitted(to: shape, operation: "copy_")
    if isUniquelyWritable {
      try write(source)
    } else {
      self = try source.copied()
    }
  }

  /// Adds `other` in place.
  ///
  /// - Parameter other: A shape that broadcasts to this one.
  /// - Throws: `TensorError.shapeMismatch`, `.outOfBudget`, `.interrupted`; on an interrupt the elements may be a mixture.
  public mutating func add(_ other: Tensor) throws(TensorError) { try update(.add, other, operation: "add_") }

  /// Adds a number to each element in place.
  ///
  /// - Parameter number: The number.
  /// - Throws: `TensorError.outOfBudget`, `.interrupted`; on an interrupt the elements may be a mixture.
  public mutating func add(_ number: Float) throws(TensorError) {
    try update(.add, Tensor(scalar: number), operation: "add_")
  }

  /// Multiplies by `other` in place.
  ///
  /// - Parameter other: A shape that broadcasts to this one.
  /// - Throws: `TensorError.shapeMismatch`, `.outOfBudget`, `.interrupted`; on an interrupt the elements may be a mixture.
  public mutating func multiply(by other: Tensor) throws(TensorError) {
    try update(.multiply, other, operation: "mul_")
  }

  /// Multiplies each element by a number in place.
  ///
  /// - Parameter number: The number.
  /// - Throws: `TensorError.outOfBudget`, `.interrupted`; on an interrupt the elements may be a mixture.
  public mutating func multiply(by number: Float) throws(TensorError) {
    try update(.multiply, Tensor(scalar: number), operation: "mul_")
  }

  /// The index in row-major order of the first element that is infinite or not a number, or nil.
  ///
  /// - Returns: An index in `0..<count`, or nil when all elements are finite.
  /// - Throws: `TensorError.outOfBudget`, `.interrupted`.
  public func firstNonFinite() throws(TensorError) -> Int? {
    // Repeated elements are looked at once: the first of them is at index 0 of every repeated dimension.
    let isRepeated = shape.indices.map { strides[$0] == 0 && shape[$0] > 1 }
    let distinct = Tensor(
      shape: shape.indices.map { isRepeated[$0] ? 1 : shape[$0] }, strides: strides, offset: offset, dtype: dtype,
      storage: storage)
    let dense = try distinct.contiguous()
    guard dense.count > 0 else { return nil }
    let elements = unsafe dense.floatPointer
    defer { extendLifetime(dense) }
    let environment = TensorEnvironment.current
    let step = Parallel.elementsPerRange
    for start in stride(from: 0, to: dense.count, by: step) {
      if start > 0 { try environment.check() }
      let length = min(step, dense.count - start)
      let found = unsafe moon_first_not_finite(elements + start, length)
      if found < length { return dense.index(start + found, in: self) }
    }
    return nil
  }

  /// The row-major index in `larger`, which repeats some of this tensor's dimensions, of element `index` here.
  private func index(_ index: Int, in larger: Tensor) -> Int {
    let reach = Shape.contiguousStrides(of: larger.shape)
    var (rest, result) = (index, 0)
    for dimension in shape.indices.reversed() {
      result += rest % shape[dimension] * reach[dimension]
      rest /= shape[dimension]
    }
    return result
  }

  /// The element at `position` of the storage.
  private func element(at position: Int) -> Float {
    let base = unsafe storage.base
    defer { extendLifetime(storage) }
    if dtype == .float32 { return unsafe base.assumingMemoryBound(to: Float.self)[position] }
    var value: Float = 0
    unsafe moon_widen_strided(
      &value, base.assumingMemoryBound(to: UInt16.self) + position, 1, 1, dtype == .float16)
    return value
  }

  /// Where in the storage the element at `indices` lies.
  private func position(of indices: [Int], operation: String, argument: Int) throws(TensorError) -> Int {
    guard indices.count == rank else {
      throw .badArgument(
        operation: operation, argument: argument, detail: "\(indices.count) indices for \(rank) dimensions")
    }
    var position = offset
    for (dimension, index) in indices.enumerated() {
      let size = shape[dimension]
      guard index >= -size, index < size else {
        throw .badArgument(
          operation: operation, argument: argument + dimension, detail: Self.outside("index", index, size))
      }
      position += (index < 0 ? index + size : index) * strides[dimension]
    }
    return position
  }

  /// A view of `self` with `shape`, to which it broadcasts.
  func fitted(to shape: [Int], operation: String) throws(TensorError) -> Tensor {
    if self.shape == shape { return self }
    guard rank <= shape.count, zip(self.shape.reversed(), shape.reversed()).allSatisfy({ $0 == $1 || $0 == 1 }) else {
      throw .shapeMismatch(operation: operation, found: self.shape, wanted: shape)
    }
    return try expanded(to: shape)
  }

  /// `self op= other`.
  private mutating func update(_ binary: moon_binary, _ other: Tensor, operation: String) throws(TensorError) {
    let other = try other.fitted(to: shape, operation: operation)
    guard isUniquelyWritable else {
      self = try Self.combine(binary, self, other)
      return
    }
    let source = try other.widened()
    guard count > 0, let elements = unsafe mutableFloats.baseAddress else { return }
    let with = unsafe source.floatPointer
    defer { extendLifetime(source) }
    let walk = TensorWalk(shape: shape, strides: [strides, source.strides])
    try Self.forEachElementRange(of: count) { range in
      unsafe moon_binary_walk(
        binary, elements, elements, with, walk.layout, range.lowerBound, range.upperBound)
    }
  }
}
