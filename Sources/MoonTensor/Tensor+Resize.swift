internal import CMoonKernels

/// How pixels between pixels are made.
public enum ResizeMode: String, Sendable, CaseIterable {
  /// The nearest pixel, as PyTorch's `nearest`: the one that the output pixel's corner falls into.
  case nearest
  /// Linear between the four nearest pixels, edges repeated, without smoothing when the picture shrinks.
  case bilinear
}

extension Tensor {
  /// The last two dimensions at another size, as `torch.nn.functional.interpolate` with `align_corners=False`.
  ///
  /// - Parameters:
  ///   - height: The wanted height, at least 1.
  ///   - width: The wanted width, at least 1.
  ///   - mode: How pixels are made.
  /// - Returns: `[..., height, width]`.
  /// - Throws: `TensorError.badArgument`, `.badShape`, `.outOfBudget`, `.interrupted`.
  public func resized(height: Int, width: Int, mode: ResizeMode = .nearest) throws(TensorError) -> Tensor {
    guard height >= 1 else { throw .badArgument(operation: "resize", argument: 1, detail: "height \(height)") }
    guard width >= 1 else { throw .badArgument(operation: "resize", argument: 2, detail: "width \(width)") }
    let source = try Planes(self, operation: "resize")
    if source.height == 0 || source.width == 0 {
      throw .badArgument(operation: "resize", argument: 1, detail: "the picture \(TensorError.text(shape)) is empty")
    }
    let result = try Tensor(uninitialized: shape.dropLast(2) + [height, width])
    guard result.count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    if max(source.height, source.width, height, width) > 1 << 30 {
      throw .badShape(shape, reason: "a side is too long")
    }
    let rowScale = Float(source.height) / Float(height)
    let columnScale = Float(source.width) / Float(width)
    try Self.forEachElementRange(of: result.count) { range in
      var position = range.lowerBound
      while position < range.upperBound {
        let (line, column) = position.quotientAndRemainder(dividingBy: width)
        let (plane, row) = line.quotientAndRemainder(dividingBy: height)
        let run = min(width - column, range.upperBound - position)
        let pixels = unsafe source.pointer(toPlane: plane)
        switch mode {
        case .nearest:
          let from = min(Int(Float(row) * rowScale), source.height - 1)
          unsafe moon_resize_nearest_run(
            destination + position, pixels + from * source.rowStride, source.columnStride, source.width, columnScale,
            column, run)
        case .bilinear:
          let place = max(0, (Float(row) + 0.5) * rowScale - 0.5)
          let upper = min(Int(place), source.height - 1)
          let lower = min(upper + 1, source.height - 1)
          unsafe moon_resize_bilinear_run(
            destination + position, pixels + upper * source.rowStride, pixels + lower * source.rowStride,
            min(1, place - Float(upper)), source.columnStride, source.width, columnScale, column, run)
        }
        position += run
      }
    }
    extendLifetime(source)
    return result
  }
}

/// A tensor seen as pictures: its last two dimensions are rows and columns, the others count planes.
struct Planes {
  let height: Int
  let width: Int
  let rowStride: Int
  let columnStride: Int
  /// Planes of the tensor.
  let count: Int
  private let outerShape: [Int]
  private let outerStrides: [Int]
  private let tensor: Tensor

  /// The planes of `tensor`; `innermost` dimensions after rows and columns belong to each pixel.
  init(_ tensor: Tensor, innermost: Int = 0, operation: String) throws(TensorError) {
    let outerRank = tensor.rank - 2 - innermost
    guard outerRank >= 0 else {
      throw .badArgument(
        operation: operation, argument: 1,
        detail: "a tensor of \(tensor.rank) dimensions; the last \(2 + innermost) are the picture")
    }
    self.tensor = try tensor.widened()
    height = tensor.shape[outerRank]
    width = tensor.shape[outerRank + 1]
    rowStride = self.tensor.strides[outerRank]
    columnStride = self.tensor.strides[outerRank + 1]
    outerShape = Array(tensor.shape[..<outerRank])
    outerStrides = Array(self.tensor.strides[..<outerRank])
    count = outerShape.reduce(1, &*)
  }

  /// The first pixel of plane `index`; valid while this value is alive.
  func pointer(toPlane index: Int) -> UnsafePointer<Float> {
    var (rest, offset) = (index, 0)
    for dimension in outerShape.indices.reversed() {
      offset += rest % outerShape[dimension] * outerStrides[dimension]
      rest /= outerShape[dimension]
    }
    return unsafe tensor.floatPointer + offset
  }
}
