internal import CMoonKernels

extension Tensor {
  /// `[B, C, H, W]` to `[B, H, W, C]`.
  package func channelsLast() throws(TensorError) -> Tensor {
    guard rank == 4 else { throw .badShape(shape, reason: "a picture has four dimensions") }
    return try transposedMatrices(
      rows: shape[1], columns: shape[2] * shape[3], to: [shape[0], shape[2], shape[3], shape[1]])
  }

  /// `[B, H, W, C]` to `[B, C, H, W]`.
  package func channelsFirst() throws(TensorError) -> Tensor {
    guard rank == 4 else { throw .badShape(shape, reason: "a picture has four dimensions") }
    return try transposedMatrices(
      rows: shape[1] * shape[2], columns: shape[3], to: [shape[0], shape[3], shape[1], shape[2]])
  }

  /// Transposes each `[rows, columns]` matrix of the batch.
  private func transposedMatrices(rows: Int, columns: Int, to wanted: [Int]) throws(TensorError) -> Tensor {
    let source = try contiguous()
    let result = try Tensor(uninitialized: wanted)
    guard result.count > 0, let from = unsafe source.floatBuffer.baseAddress,
      let to = unsafe result.mutableFloats.baseAddress
    else { return result }
    // Strips along the longer side: of rows that are written, or of columns that are read.
    let isTall = rows >= columns
    let (long, short) = isTall ? (rows, columns) : (columns, rows)
    let grain = max(16, (1 << 15) / short / 16 * 16)
    let strips = (long + grain - 1) / grain
    try Parallel.forEachPiece(of: shape[0] * strips) { piece in
      let (item, strip) = piece.quotientAndRemainder(dividingBy: strips)
      let start = strip * grain
      let length = min(grain, long - start)
      let base = item * rows * columns
      if isTall {
        unsafe moon_transpose(to + base + start, rows, from + base + start * columns, columns, length, columns)
      } else {
        unsafe moon_transpose(to + base + start * rows, rows, from + base + start, columns, rows, length)
      }
    }
    return result
  }

  /// The last dimension of `self` followed by that of `other`; all other sizes are equal.
  package func concatenatedChannels(with other: Tensor) throws(TensorError) -> Tensor {
    guard let left = shape.last, let right = other.shape.last, shape.dropLast() == other.shape.dropLast() else {
      throw .shapeMismatch(operation: "channel concatenation", found: other.shape, wanted: shape)
    }
    let (first, second) = (try contiguous(), try other.contiguous())
    let result = try Tensor(uninitialized: shape.dropLast() + [left + right])
    guard result.count > 0, let to = unsafe result.mutableFloats.baseAddress else { return result }
    let rows = result.count / (left + right)
    let grain = max(1, (1 << 15) / (left + right))
    try OperationProfile.measure(.joining) { () throws(TensorError) in
      try Parallel.forEachPiece(of: (rows + grain - 1) / grain) { piece in
        for row in piece * grain..<min(rows, (piece + 1) * grain) {
          let line = unsafe to + row * (left + right)
          unsafe moon_copy_f32(line, first.floatPointer + row * left, left)
          unsafe moon_copy_f32(line + left, second.floatPointer + row * right, right)
        }
      }
    }
    return result
  }

  /// `[B, H, W, C]` enlarged (or reduced) by repeating pixels: pixel i comes from `floor(i * old / new)`.
  package func upsampledNearest(toHeight height: Int, width: Int) throws(TensorError) -> Tensor {
    guard rank == 4, height >= 0, width >= 0, count > 0 || height == 0 || width == 0 || shape[0] == 0 || shape[3] == 0
    else { throw .badShape(shape, reason: "no picture to enlarge to \(height) x \(width)") }
    let (batch, oldHeight, oldWidth, channels) = (shape[0], shape[1], shape[2], shape[3])
    let source = try contiguous()
    let result = try Tensor(uninitialized: [batch, height, width, channels])
    guard result.count > 0, let from = unsafe source.floatBuffer.baseAddress,
      let to = unsafe result.mutableFloats.baseAddress
    else { return result }
    let columns = (0..<width).map { Self.nearest($0, of: oldWidth, in: width) }
    try Parallel.forEachPiece(of: batch * height) { piece in
      let (item, row) = piece.quotientAndRemainder(dividingBy: height)
      let old = item * oldHeight + Self.nearest(row, of: oldHeight, in: height)
      for column in 0..<width {
        unsafe moon_copy_f32(
          to + (piece * width + column) * channels, from + (old * oldWidth + columns[column]) * channels, channels)
      }
    }
    return result
  }

  /// PyTorch's nearest neighbour, whose ratio is a float32.
  private static func nearest(_ index: Int, of old: Int, in new: Int) -> Int {
    let ratio = Float(old) / Float(new)
    return min(Int((Float(index) * ratio).rounded(.down)), old - 1)
  }
}
