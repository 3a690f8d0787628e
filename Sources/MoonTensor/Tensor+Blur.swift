internal import CMoonKernels
internal import Foundation

extension Tensor {
  /// The largest standard deviation that `blurred(sigma:)` takes, in pixels.
  package static let largestSigma = 65536.0

  /// The last two dimensions smoothed by a Gaussian, separably: rows, then columns.
  ///
  /// The weights are `exp(-x^2 / (2 sigma^2))` for whole `x` up to `ceil(3 sigma)` pixels away, divided by their sum.
  /// Edges mirror the picture without repeating the edge pixel, as often as it takes for a small one; where the mirrored
  /// picture is at least as large as the window this is torchvision's `gaussian_blur` with `kernel_size` of
  /// `2 * ceil(3 * sigma) + 1`.
  ///
  /// - Parameter sigma: Standard deviation in pixels, 0 (no change) to 65536.
  /// - Returns: The same shape.
  /// - Throws: `TensorError.badArgument`, `.outOfBudget`, `.interrupted`.
  public func blurred(sigma: Double) throws(TensorError) -> Tensor {
    guard sigma >= 0, sigma <= Self.largestSigma else {
      throw .badArgument(
        operation: "blur", argument: 1, detail: "sigma \(sigma) outside 0..\(Int(Self.largestSigma))")
    }
    let source = try Planes(self, operation: "blur")
    if sigma == 0 || count == 0 { return try contiguous() }
    let rowsDone = try Tensor(uninitialized: shape)
    try rowsDone.blurRows(of: source, BlurWindow(sigma: sigma, size: source.width))
    let result = try Tensor(uninitialized: shape)
    try result.blurColumns(of: rowsDone, source, BlurWindow(sigma: sigma, size: source.height))
    return result
  }

  /// Writes to this new tensor the rows of `source`, smoothed.
  private func blurRows(of source: Planes, _ window: BlurWindow) throws(TensorError) {
    guard let destination = unsafe mutableFloats.baseAddress else { return }
    let width = source.width
    let block = window.outputs(within: 4096)
    let blocks = (width - 1) / block + 1
    let rows = source.count * source.height
    // Several short rows make one range.
    let grain = max(1, (1 << 18) / (min(block, width) * window.weights.count))
    try Parallel.forEachRange(of: rows * blocks, grain: grain, asking: .current) { range in
      unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: block + window.weights.count) { scratch in
        guard let scratch = scratch.baseAddress else { return }
        for piece in range {
          let (row, part) = (piece / blocks, piece % blocks)
          let start = part * block
          let pixels = unsafe source.pointer(toPlane: row / source.height)
          unsafe moon_blur_row(
            destination + row * width + start, pixels + row % source.height * source.rowStride, source.columnStride,
            width, window.weights, window.weights.count, window.shift, start, min(width, start + block), scratch)
        }
      }
    }
    extendLifetime(source)
  }

  /// Writes to this new tensor the columns of `rows`, a contiguous one of the same shape, smoothed.
  private func blurColumns(of rows: Tensor, _ planes: Planes, _ window: BlurWindow) throws(TensorError) {
    guard let destination = unsafe mutableFloats.baseAddress else { return }
    let from = unsafe rows.floatPointer
    let (width, height) = (planes.width, planes.height)
    let columns = 64
    let block = window.outputs(within: 64)
    let (across, down) = ((width - 1) / columns + 1, (height - 1) / block + 1)
    let grain = max(1, (1 << 18) / (min(columns, width) * min(block, height) * window.weights.count))
    try Parallel.forEachRange(of: planes.count * across * down, grain: grain, asking: .current) { range in
      for piece in range {
        let (plane, rest) = piece.quotientAndRemainder(dividingBy: across * down)
        let start = plane * width * height + rest / down * columns
        let row = rest % down * block
        unsafe moon_blur_columns(
          destination + start, from + start, width, height, window.weights, window.weights.count, window.shift, row,
          min(height, row + block), min(columns, width - rest / down * columns))
      }
    }
    extendLifetime(rows)
  }
}

/// The weights of a Gaussian along an axis of `size` pixels.
///
/// A window longer than the period of the mirrored axis is folded: positions that show the same pixel for every output
/// are one tap, so there are never more taps than `2 * (size - 1)`.
private struct BlurWindow {
  let weights: [Float]
  /// Where the first tap lies, from the output pixel.
  let shift: Int

  init(sigma: Double, size: Int) {
    let radius = Int((3 * sigma).rounded(.up))
    let period = max(1, 2 * (size - 1))
    let isFolded = 2 * radius + 1 > period
    var sums = [Double](repeating: 0, count: isFolded ? period : 2 * radius + 1)
    var total = 0.0
    for distance in -radius...radius {
      let scaled = Double(distance) / sigma
      let weight = exp(-0.5 * scaled * scaled)
      let tap = isFolded ? (distance % period + period) % period : distance + radius
      sums[tap] += weight
      total += weight
    }
    weights = sums.map { Float($0 / total) }
    shift = isFolded ? 0 : -radius
  }

  /// Outputs to make in one piece of work, so that it takes a few milliseconds: 64 at least, `most` at most.
  func outputs(within most: Int) -> Int { max(1, min(most, (1 << 22) / weights.count)) }
}
