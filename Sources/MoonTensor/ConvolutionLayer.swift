internal import CMoonKernels

/// Zeros around a picture.
package struct Padding: Sendable, Equatable {
  package var top: Int
  package var left: Int
  package var bottom: Int
  package var right: Int

  package init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  /// The same number of zeros on all four sides.
  package init(_ all: Int) { self.init(top: all, left: all, bottom: all, right: all) }
}

/// A two-dimensional convolution of channels-last pictures, with weights as files store them.
package struct ConvolutionLayer: Sendable {
  let weight: Tensor
  let bias: Tensor?
  let stride: Int
  let padding: Padding

  /// A layer with `weight` `[O, I, height, width]` and `bias` `[O]`, of any element type.
  package init(weight: Tensor, bias: Tensor?, stride: Int = 1, padding: Padding) throws(TensorError) {
    guard weight.rank == 4, weight.shape[2] > 0, weight.shape[3] > 0 else {
      throw .badShape(weight.shape, reason: "a convolution's weight has four dimensions")
    }
    if let bias { try bias.requireShape([weight.shape[0]], operation: "convolution") }
    if stride < 1 { throw .badArgument(operation: "convolution", argument: 3, detail: "stride \(stride) below 1") }
    if min(padding.top, padding.left, padding.bottom, padding.right) < 0 {
      throw .badArgument(operation: "convolution", argument: 4, detail: "padding is negative")
    }
    self.weight = try weight.isContiguous ? weight : weight.contiguous()
    self.bias = try bias?.contiguous()
    self.stride = stride
    self.padding = padding
  }

  /// Channels that go in.
  package var inputChannels: Int { weight.shape[1] }
  /// Channels that come out.
  package var outputChannels: Int { weight.shape[0] }

  /// The convolution of `x`, plus bias, row bias and residual.
  ///
  /// - Parameters:
  ///   - x: `[B, H, W, I]`.
  ///   - rowBias: `[B, O]`, added to every pixel of its row of the batch.
  ///   - residual: Shape of the result, `[B, H', W', O]`, added last.
  /// - Returns: `[B, H', W', O]`.
  /// - Throws: `TensorError.shapeMismatch`, `.outOfBudget`, `.interrupted`.
  package func callAsFunction(
    _ x: Tensor, addingPerRow rowBias: Tensor? = nil, adding residual: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    guard x.rank == 4, x.shape[3] == inputChannels else {
      throw .shapeMismatch(operation: "convolution", found: x.shape, wanted: [inputChannels])
    }
    let geometry = try Geometry(self, picture: x.shape)
    let result = try Tensor(uninitialized: geometry.outputShape)
    if let rowBias { try rowBias.requireShape([x.shape[0], outputChannels], operation: "convolution row bias") }
    if let residual { try residual.requireShape(result.shape, operation: "convolution residual") }
    guard result.count > 0, let to = unsafe result.mutableFloats.baseAddress else { return result }
    let source = try x.contiguous()
    let taps = geometry.taps
    let depth = taps * inputChannels
    // [O, I, taps] to [O, taps, I], the order in which pixels hold their channels.
    let filters = try Tensor(
      shape: [outputChannels, taps, inputChannels], strides: [depth, 1, taps], offset: weight.offset,
      dtype: weight.dtype, storage: weight.storage
    ).contiguous()
    let shift = try geometry.shifts(bias: bias, rowBias: rowBias)
    let added = try residual?.contiguous()
    let grain = max(16, min(512, (1 << 18) / max(depth, 1)))
    let blocks = (geometry.pixels + grain - 1) / grain
    try unsafe Parallel.forEachPiece(of: geometry.batch * blocks, scratch: grain * depth) { piece, scratch in
      let (item, block) = piece.quotientAndRemainder(dividingBy: blocks)
      let start = block * grain
      let pixels = min(grain, geometry.pixels - start)
      for pixel in 0..<pixels {
        unsafe geometry.gather(
          start + pixel, from: source.floatPointer + item * geometry.inputPixels * inputChannels,
          into: scratch + pixel * depth)
      }
      let place = (item * geometry.pixels + start) * outputChannels
      unsafe MatrixProduct.block(
        scratch, stride: depth, filters.floatPointer, stride: depth, isTransposed: true, into: to + place,
        stride: outputChannels, m: pixels, n: outputChannels, k: depth)
      unsafe moon_finish_rows(
        to + place, outputChannels, pixels, outputChannels, shift.floatPointer + item * outputChannels,
        added.map { unsafe $0.floatPointer + place }, outputChannels, 0)
    }
    return result
  }

  /// Sizes of one call.
  struct Geometry {
    let batch: Int, height: Int, width: Int, channels: Int
    let outputHeight: Int, outputWidth: Int, outputChannels: Int
    let kernelHeight: Int, kernelWidth: Int, stride: Int
    let padding: Padding

    init(_ layer: ConvolutionLayer, picture: [Int]) throws(TensorError) {
      (batch, height, width, channels) = (picture[0], picture[1], picture[2], picture[3])
      (kernelHeight, kernelWidth) = (layer.weight.shape[2], layer.weight.shape[3])
      (stride, padding, outputChannels) = (layer.stride, layer.padding, layer.outputChannels)
      let (tall, wide) = (height + padding.top + padding.bottom, width + padding.left + padding.right)
      if tall < kernelHeight || wide < kernelWidth {
        throw .badShape(picture, reason: "smaller than the convolution's window of \(kernelHeight) x \(kernelWidth)")
      }
      outputHeight = (tall - kernelHeight) / stride + 1
      outputWidth = (wide - kernelWidth) / stride + 1
    }

    var outputShape: [Int] { [batch, outputHeight, outputWidth, outputChannels] }
    var pixels: Int { outputHeight * outputWidth }
    var inputPixels: Int { height * width }
    var taps: Int { kernelHeight * kernelWidth }

    /// The window of output pixel `pixel`, tap by tap, zeros outside the picture.
    func gather(_ pixel: Int, from picture: UnsafePointer<Float>, into window: UnsafeMutablePointer<Float>) {
      let (row, column) = pixel.quotientAndRemainder(dividingBy: outputWidth)
      for tap in 0..<taps {
        let (down, across) = tap.quotientAndRemainder(dividingBy: kernelWidth)
        let (y, x) = (row * stride - padding.top + down, column * stride - padding.left + across)
        let place = unsafe window + tap * channels
        if y >= 0, y < height, x >= 0, x < width {
          unsafe moon_copy_f32(place, picture + (y * width + x) * channels, channels)
        } else {
          unsafe place.update(repeating: 0, count: channels)
        }
      }
    }

    /// `[B, O]`: bias plus row bias.
    func shifts(bias: Tensor?, rowBias: Tensor?) throws(TensorError) -> Tensor {
      let result =
        if let rowBias { try rowBias.copied() } else { try Tensor(repeating: 0, shape: [batch, outputChannels]) }
      guard let bias else { return result }
      let values = try bias.floats()
      let sums = unsafe result.mutableFloats
      for place in sums.indices { unsafe sums[place] += values[place % outputChannels] }
      return result
    }
  }
}
