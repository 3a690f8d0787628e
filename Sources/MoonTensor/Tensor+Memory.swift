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

  /// Makes this a contiguous float32 tensor that alone holds its storage, so that it may be written in place.
  package mutating func makeUnique() throws(TensorError) {
    if dtype == .float32 && storage.isWritable && isContiguous && offset == 0
      && storage.byteCount == count * 4 && isKnownUniquelyReferenced(&storage)
    {
      return
    }
    self = try copied()
  }

  /// A contiguous float32 tensor with the same elements: this one when it is one already, else a copy.
  package func contiguous() throws(TensorError) -> Tensor {
    dtype == .float32 && isContiguous ? self : try copied()
  }

  /// A contiguous float32 copy.
  package func copied() throws(TensorError) -> Tensor {
    let result = try Tensor(uninitialized: shape)
    let count = result.count
    if count == 0 { return result }
    guard let destination = unsafe result.mutableFloats.baseAddress else { return result }
    if isContiguous {
      let source = unsafe storage.base + offset * dtype.byteCount
      switch dtype {
      case .float32: unsafe moon_copy_f32(destination, source.assumingMemoryBound(to: Float.self), count)
      case .float16: unsafe moon_widen_f16(destination, source.assumingMemoryBound(to: UInt16.self), count)
      case .bfloat16: unsafe moon_widen_bf16(destination, source.assumingMemoryBound(to: UInt16.self), count)
      }
      return result
    }
    let environment = TensorEnvironment.current
    var rows = StridedRows(shape: shape, strides: [strides])
    var written = 0
    while let starts = rows.next() {
      let from = offset + starts[0]
      switch dtype {
      case .float32:
        unsafe moon_copy_strided_f32(
          destination + written, storage.base.assumingMemoryBound(to: Float.self) + from, rows.innerStrides[0],
          rows.innerCount)
      case .float16, .bfloat16:
        let source = unsafe storage.base.assumingMemoryBound(to: UInt16.self) + from
        unsafe moon_widen_strided(
          destination + written, source, rows.innerStrides[0], rows.innerCount, dtype == .float16)
      }
      written += rows.innerCount
      if rows.isCheckpoint { try environment.check() }
    }
    return result
  }

  /// The same elements stored as `dtype`, rounded to nearest even when narrowed.
  ///
  /// - Parameter dtype: The wanted storage.
  /// - Returns: A contiguous tensor.
  /// - Throws: `TensorError.outOfBudget`.
  public func converted(to dtype: DType) throws(TensorError) -> Tensor {
    if dtype == self.dtype { return self }
    let source = try contiguous()
    if dtype == .float32 { return source }
    let result = try Tensor(uninitialized: shape, dtype: dtype)
    guard let from = unsafe source.floatBuffer.baseAddress, source.count > 0 else { return result }
    let destination = unsafe result.storage.base.assumingMemoryBound(to: UInt16.self)
    switch dtype {
    case .float16: unsafe moon_narrow_f16(destination, from, source.count)
    default: unsafe moon_narrow_bf16(destination, from, source.count)
    }
    return result
  }
}
