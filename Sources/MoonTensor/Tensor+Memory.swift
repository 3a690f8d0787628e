internal import CMoonKernels

extension Tensor {
  /// The elements of a contiguous float32 tensor, for reading. Valid while the tensor is alive.
  package var floatBuffer: UnsafeBufferPointer<Float> {
    precondition(dtype == .float32 && isContiguous, "direct access needs a contiguous float32 tensor")
    return unsafe UnsafeBufferPointer(
      start: storage.base.assumingMemoryBound(to: Float.self) + offset, count: count)
  }

  /// First element, of a float32 tensor with any strides.
  package var floatPointer: UnsafePointer<Float> {
    precondition(dtype == .float32, "direct access needs float32")
    return unsafe UnsafePointer(storage.base.assumingMemoryBound(to: Float.self) + offset)
  }

  /// The elements of a tensor just made (or just made unique), for writing.
  package var mutableFloats: UnsafeMutableBufferPointer<Float> {
    precondition(dtype == .float32 && isContiguous && storage.isWritable, "writing needs contiguous float32 memory")
    return unsafe UnsafeMutableBufferPointer(
      start: storage.base.assumingMemoryBound(to: Float.self) + offset, count: count)
  }

  /// The elements of a contiguous 16-bit tensor as bit patterns.
  package var halfBuffer: UnsafeBufferPointer<UInt16> {
    precondition(dtype != .float32 && isContiguous, "direct access needs a contiguous 16-bit tensor")
    return unsafe UnsafeBufferPointer(
      start: storage.base.assumingMemoryBound(to: UInt16.self) + offset, count: count)
  }

  /// Whether this is a contiguous float32 tensor that alone holds its storage and fills it.
  var isUniquelyWritable: Bool {
    mutating get {
      dtype == .float32 && storage.isWritable && isContiguous && offset == 0 && storage.byteCount == count * 4
        && isKnownUniquelyReferenced(&storage)
    }
  }

  /// Whether `budget` counts the bytes behind this tensor.
  package func isCharged(to budget: TensorBudget) -> Bool { storage.isCharged(to: budget) }

  /// Makes this a contiguous float32 tensor that alone holds its storage, so that it may be written in place.
  package mutating func makeUnique() throws(TensorError) {
    if !isUniquelyWritable { self = try copied() }
  }

  /// A contiguous float32 tensor with the same elements: this one when it is one already, else a copy.
  package func contiguous() throws(TensorError) -> Tensor {
    dtype == .float32 && isContiguous ? self : try copied()
  }

  /// A contiguous float32 copy.
  package func copied() throws(TensorError) -> Tensor {
    let result = try Tensor(uninitialized: shape)
    try result.write(self)
    return result
  }

  /// The same elements stored as `dtype`, rounded to nearest even when narrowed.
  ///
  /// - Parameter dtype: The wanted storage.
  /// - Returns: A contiguous tensor.
  /// - Throws: `TensorError.outOfBudget`, `.interrupted`.
  public func converted(to dtype: DType) throws(TensorError) -> Tensor {
    if dtype == self.dtype { return self }
    let source = try contiguous()
    if dtype == .float32 { return source }
    let result = try Tensor(uninitialized: shape, dtype: dtype)
    guard let from = unsafe source.floatBuffer.baseAddress, source.count > 0 else { return result }
    let destination = unsafe result.storage.base.assumingMemoryBound(to: UInt16.self)
    defer { extendLifetime(source) }
    try Self.forEachElementRange(of: source.count) { range in
      let start = range.lowerBound
      switch dtype {
      case .float16: unsafe moon_narrow_f16(destination + start, from + start, range.count)
      default: unsafe moon_narrow_bf16(destination + start, from + start, range.count)
      }
    }
    return result
  }
}
