extension ConvolutionLayer {
  /// Floats of a normalised band: few enough for the last cache.
  private static let bandSize = 1 << 22

  /// The convolution of `activation(x * scale + shift)`, plus bias, row bias and residual.
  ///
  /// Large pictures are worked through in bands of rows, so that the normalised picture never exists as a whole; small
  /// ones several at a time, so that the weights are read once for them. The result is that of normalising first.
  ///
  /// - Parameters:
  ///   - x: `[B, H, W, I]`.
  ///   - scales: Those of `x`.
  ///   - activation: Applied before the convolution.
  ///   - rowBias: `[B, O]`, added to every pixel of its row of the batch.
  ///   - residual: Shape of the result, `[B, H', W', O]`, added last.
  /// - Returns: `[B, H', W', O]`.
  /// - Throws: `TensorError.shapeMismatch`, `.badShape`, `.outOfBudget`, `.interrupted`.
  package func callAsFunction(
    _ x: Tensor, scaledBy scales: ChannelScales, activation: Activation, addingPerRow rowBias: Tensor? = nil,
    adding residual: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    try requireChannels(x)
    let geometry = try ConvolutionGeometry(self, picture: x.shape)
    let result = try Tensor(uninitialized: geometry.outputShape)
    try rowBias?.requireShape([x.shape[0], outputChannels], operation: "convolution row bias")
    try residual?.requireShape(result.shape, operation: "convolution residual")
    let (source, added) = (try x.contiguous(), try residual?.contiguous())
    guard result.count > 0, let pixels = unsafe result.mutableFloats.baseAddress,
      let from = unsafe source.floatBuffer.baseAddress
    else { return result }
    let shifts = try shifts(rowBias, batch: x.shape[0])
    let (height, line) = (x.shape[1], x.shape[2] * x.shape[3])
    let bands = Bands(of: geometry, rows: max(4, Self.bandSize / line))
    let together = bands.ranges.count == 1 ? min(x.shape[0], max(1, Self.bandSize / max(1, height * line))) : 1
    let room = try Tensor(uninitialized: [together, bands.mostInputs(height: height), x.shape[2], x.shape[3]])
    guard let normalized = unsafe room.mutableFloats.baseAddress else { return result }
    for item in Swift.stride(from: 0, to: x.shape[0], by: together) {
      let items = min(together, x.shape[0] - item)
      for band in bands.ranges {
        let (inputs, padding) = bands.inputs(of: band, height: height)
        for index in 0..<items {
          try unsafe scales.apply(
            to: inputs.count * x.shape[2], item: item + index,
            from: from + ((item + index) * height + inputs.lowerBound) * line,
            into: normalized + index * inputs.count * line, activation: activation)
        }
        let rows = try room.narrow(0, start: 0, length: items).narrow(1, start: 0, length: inputs.count)
        let place = (item * geometry.outputHeight + band.lowerBound) * geometry.outputWidth * outputChannels
        let call = try ConvolutionCall(
          geometry: ConvolutionGeometry(self, picture: rows.shape, padding: padding), source: rows, weight: weight,
          prepared: prepared, shifts: shifts.narrow(0, start: item, length: items),
          residual: added?.narrow(0, start: item, length: items).narrow(1, start: band.lowerBound, length: band.count))
        try unsafe call.run(into: pixels + place)
      }
    }
    return result
  }
}

/// The rows of a convolution's result, cut into bands.
private struct Bands {
  let ranges: [Range<Int>]
  private let stride: Int
  private let kernel: Int
  private let padding: Padding

  /// Bands of about `rows` rows, multiples of four where there are several.
  init(of geometry: ConvolutionGeometry, rows: Int) {
    let total = geometry.outputHeight
    let step = total <= rows ? max(total, 1) : max(4, rows / 4 * 4)
    ranges = Swift.stride(from: 0, to: total, by: step).map { $0..<min(total, $0 + step) }
    (stride, kernel, padding) = (geometry.stride, geometry.kernelHeight, geometry.padding)
  }

  /// The rows of the input that a band reads, and the zeros around them.
  func inputs(of band: Range<Int>, height: Int) -> (Range<Int>, Padding) {
    let first = band.lowerBound * stride - padding.top
    let end = (band.upperBound - 1) * stride - padding.top + kernel
    var around = padding
    (around.top, around.bottom) = (max(0, -first), max(0, end - height))
    let start = min(max(0, first), height)
    return (start..<max(start, min(height, end)), around)
  }

  /// The most rows that a band reads.
  func mostInputs(height: Int) -> Int { ranges.map { inputs(of: $0, height: height).0.count }.max() ?? 0 }
}
