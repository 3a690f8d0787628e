internal import CMoonKernels
internal import Synchronization

extension Tensor {
  /// The two-dimensional discrete Fourier transform of the last two dimensions, without a factor, as `torch.fft.fft2`.
  ///
  /// Sums are made in double precision; any size is transformed in time `n log n`.
  ///
  /// - Returns: `[..., height, width, 2]`: real and imaginary parts, as `torch.view_as_real` shows them.
  /// - Throws: `TensorError.badArgument`, `.badShape`, `.outOfBudget`, `.interrupted`.
  public func fft2() throws(TensorError) -> Tensor {
    let planes = try Planes(self, operation: "fft2")
    return try FourierTransform(planes, shape: shape + [2], partStride: 0, isInverse: false, operation: "fft2").run()
  }

  /// The inverse of `fft2()`, divided by height times width, as `torch.fft.ifft2`.
  ///
  /// - Returns: The shape of this tensor, which is `[..., height, width, 2]`, complex as `fft2()` returns it; the real
  ///   part is index 0 of the last dimension.
  /// - Throws: `TensorError.badArgument`, `.badShape`, `.outOfBudget`, `.interrupted`.
  public func ifft2() throws(TensorError) -> Tensor {
    let planes = try Planes(self, innermost: 1, operation: "ifft2")
    guard shape.last == 2, let partStride = try widened().strides.last else {
      throw .badArgument(
        operation: "ifft2", argument: 1,
        detail: "the shape \(TensorError.text(shape)) does not end in 2, for real and imaginary parts")
    }
    return try FourierTransform(planes, shape: shape, partStride: partStride, isInverse: true, operation: "ifft2").run()
  }
}

/// One two-dimensional transform: rows from the source to the result, then the result's columns in place.
private struct FourierTransform {
  private let source: Planes
  private let shape: [Int]
  private let partStride: Int
  private let isInverse: Bool

  init(
    _ source: Planes, shape: [Int], partStride: Int, isInverse: Bool, operation: String
  ) throws(TensorError) {
    guard source.height > 0, source.width > 0 else {
      throw .badArgument(
        operation: operation, argument: 1, detail: "the picture has no elements")
    }
    (self.source, self.shape, self.partStride, self.isInverse) = (source, shape, partStride, isInverse)
  }

  func run() throws(TensorError) -> Tensor {
    let result = try Tensor(uninitialized: shape)
    guard result.count > 0, let destination = unsafe result.mutableFloats.baseAddress else { return result }
    let (height, width) = (source.height, source.width)
    let sign = isInverse ? -1.0 : 1.0
    let rows = Lines(
      count: height, fromApart: source.rowStride, fromStride: source.columnStride, part: partStride,
      toApart: 2 * width, toStride: 2, signIn: sign, signOut: 1, scale: 1)
    let rowPlan = try FourierPlan(length: width)
    try unsafe transform(
      rows, rowPlan, planes: source.count, from: { unsafe source.pointer(toPlane: $0) },
      to: { unsafe destination + $0 * 2 * width * height })
    let columns = Lines(
      count: width, fromApart: 2, fromStride: 2 * width, part: 1, toApart: 2, toStride: 2 * width, signIn: 1,
      signOut: sign, scale: isInverse ? 1 / (Double(height) * Double(width)) : 1)
    let columnPlan = height == width ? rowPlan : try FourierPlan(length: height)
    try unsafe transform(
      columns, columnPlan, planes: source.count,
      from: { unsafe UnsafePointer(destination + $0 * 2 * width * height) },
      to: { unsafe destination + $0 * 2 * width * height })
    extendLifetime(source)
    return result
  }

  /// Where the lines of a plane lie. The inverse is the conjugate of the transform of the conjugate: the signs of the
  /// imaginary parts on the way in and out.
  private struct Lines {
    let count: Int
    let fromApart: Int
    let fromStride: Int
    let part: Int
    let toApart: Int
    let toStride: Int
    let signIn: Double
    let signOut: Double
    let scale: Double
  }

  /// Transforms all lines of all planes: several lines at a time on every thread, or long ones one by one.
  private func transform(
    _ lines: Lines, _ plan: FourierPlan, planes: Int, from: (Int) -> UnsafePointer<Float>,
    to: (Int) -> UnsafeMutablePointer<Float>
  ) throws(TensorError) {
    let environment = TensorEnvironment.current
    let batch = min(4, lines.count)
    let batches = (lines.count - 1) / batch + 1
    if plan.workLength > 1 << 15 {
      let work = try FourierWork(plan, batch: 1)
      for line in 0..<planes * lines.count {
        let (plane, index) = line.quotientAndRemainder(dividingBy: lines.count)
        let (source, destination) = unsafe (
          from(plane) + index * lines.fromApart, to(plane) + index * lines.toApart
        )
        try Parallel.forEachRange(of: plan.length, grain: 1 << 13, asking: environment) { range in
          unsafe load(lines, source, work, range)
        }
        try plan.run(work, asking: environment)
        try Parallel.forEachRange(of: plan.length, grain: 1 << 13, asking: environment) { range in
          unsafe store(lines, destination, work, range)
        }
      }
      return
    }
    let pieces = planes * batches
    // One range is some 2^15 elements, and no more ranges than make sense run at a time.
    let grain = max(1, (1 << 15) / (plan.workLength * batch))
    let threads = min(environment.threads, (pieces - 1) / grain + 1)
    var spaces: [FourierWork] = []
    for _ in 0..<threads { spaces.append(try FourierWork(plan, batch: batch)) }
    let free = Mutex(spaces)
    nonisolated(unsafe) let (from, to) = unsafe (from, to)
    try Parallel.forEachRange(of: pieces, grain: grain, asking: environment) { range in
      guard var work = free.withLock({ $0.popLast() }) else { return }
      for piece in range {
        let (plane, index) = piece.quotientAndRemainder(dividingBy: batches)
        let line = index * batch
        work.batch = min(batch, lines.count - line)
        unsafe load(lines, from(plane) + line * lines.fromApart, work, 0..<plan.length)
        plan.run(work)
        unsafe store(lines, to(plane) + line * lines.toApart, work, 0..<plan.length)
      }
      free.withLock { $0.append(work) }
    }
  }

  private func load(_ lines: Lines, _ source: UnsafePointer<Float>, _ work: FourierWork, _ range: Range<Int>) {
    unsafe moon_fourier_load(
      work.front.re, work.front.im, work.batch, source, lines.fromApart, lines.fromStride, lines.part, lines.signIn,
      range.lowerBound, range.upperBound)
  }

  private func store(
    _ lines: Lines, _ destination: UnsafeMutablePointer<Float>, _ work: FourierWork, _ range: Range<Int>
  ) {
    unsafe moon_fourier_store(
      destination, lines.toApart, lines.toStride, work.resultHalf.re, work.resultHalf.im, work.batch, lines.scale,
      lines.signOut, range.lowerBound, range.upperBound)
  }
}
