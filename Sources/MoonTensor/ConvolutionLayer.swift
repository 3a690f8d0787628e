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
  let prepared = PreparedWeights()

  /// A layer with `weight` `[O, I, height, width]` and `bias` `[O]`, of any element type; half-precision weights stay
  /// half.
  package init(weight: Tensor, bias: Tensor?, stride: Int = 1, padding: Padding) throws(TensorError) {
    guard weight.rank == 4, weight.shape[2] > 0, weight.shape[3] > 0 else {
      throw .badShape(weight.shape, reason: "a convolution's weight has four dimensions")
    }
    try bias?.requireShape([weight.shape[0]], operation: "convolution")
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
  ///   - isDoubled: Whether `x` is enlarged to `[B, 2H, 2W, I]` first, by repeating pixels.
  ///   - rowBias: `[B, O]`, added to every pixel of its row of the batch.
  ///   - residual: Shape of the result, `[B, H', W', O]`, added last.
  /// - Returns: `[B, H', W', O]`.
  /// - Throws: `TensorError.shapeMismatch`, `.badShape`, `.outOfBudget`, `.interrupted`.
  package func callAsFunction(
    _ x: Tensor, isDoubled: Bool = false, addingPerRow rowBias: Tensor? = nil, adding residual: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    try requireChannels(x)
    let geometry = try ConvolutionGeometry(self, picture: x.shape, doubling: isDoubled ? 1 : 0)
    let result = try Tensor(uninitialized: geometry.outputShape)
    try rowBias?.requireShape([x.shape[0], outputChannels], operation: "convolution row bias")
    try residual?.requireShape(result.shape, operation: "convolution residual")
    guard result.count > 0, let pixels = unsafe result.mutableFloats.baseAddress else { return result }
    let call = try ConvolutionCall(
      geometry: geometry, source: x.contiguous(), weight: weight, prepared: prepared,
      shifts: shifts(rowBias, batch: x.shape[0]), residual: residual?.contiguous())
    try unsafe call.run(into: pixels)
    return result
  }

  /// Throws unless `x` is a batch of pictures with the layer's channels.
  func requireChannels(_ x: Tensor) throws(TensorError) {
    guard x.rank == 4, x.shape[3] == inputChannels else {
      throw .shapeMismatch(operation: "convolution", found: x.shape, wanted: [inputChannels])
    }
  }

  /// `[B, O]`: bias plus row bias.
  func shifts(_ rowBias: Tensor?, batch: Int) throws(TensorError) -> Tensor {
    let channels = outputChannels
    let result = try Tensor(uninitialized: [batch, channels])
    let rows = try rowBias?.contiguous()
    let values = unsafe result.mutableFloats
    for row in 0..<batch {
      for channel in 0..<channels {
        let place = row * channels + channel
        let own = bias.map { unsafe $0.floatPointer[channel] } ?? 0
        unsafe values[place] = (rows.map { unsafe $0.floatPointer[place] } ?? 0) + own
      }
    }
    return result
  }
}

/// Sizes of one convolution.
struct ConvolutionGeometry {
  let batch: Int, height: Int, width: Int, channels: Int
  let outputHeight: Int, outputWidth: Int, outputChannels: Int
  let kernelHeight: Int, kernelWidth: Int, stride: Int
  let padding: Padding
  /// 1 where each stored pixel is two rows and two columns of the picture, else 0.
  let doubling: Int

  /// The sizes of `layer` on pictures that are stored as `picture`, `[B, H, W, I]`, with the layer's padding or another.
  init(
    _ layer: ConvolutionLayer, picture: [Int], doubling: Int = 0, padding other: Padding? = nil
  ) throws(TensorError) {
    (batch, channels) = (picture[0], picture[3])
    let (tallest, widest) = (
      picture[1].multipliedReportingOverflow(by: 2), picture[2].multipliedReportingOverflow(by: 2)
    )
    if tallest.overflow || widest.overflow { throw .badShape(picture, reason: "too many elements") }
    (height, width) = doubling == 0 ? (picture[1], picture[2]) : (tallest.partialValue, widest.partialValue)
    (kernelHeight, kernelWidth) = (layer.weight.shape[2], layer.weight.shape[3])
    (stride, padding, outputChannels) = (layer.stride, other ?? layer.padding, layer.outputChannels)
    self.doubling = doubling
    let (tall, wide) = (height + padding.top + padding.bottom, width + padding.left + padding.right)
    if tall < kernelHeight || wide < kernelWidth {
      throw .badShape(picture, reason: "smaller than the convolution's window of \(kernelHeight) x \(kernelWidth)")
    }
    outputHeight = (tall - kernelHeight) / stride + 1
    outputWidth = (wide - kernelWidth) / stride + 1
  }

  var outputShape: [Int] { [batch, outputHeight, outputWidth, outputChannels] }
  /// Pixels of one picture that comes out.
  var pixels: Int { outputHeight * outputWidth }
  var taps: Int { kernelHeight * kernelWidth }
  /// Multiplications and additions of a direct convolution.
  var operations: Double { 2 * Double(batch * pixels) * Double(taps * channels) * Double(outputChannels) }

  /// Whether Winograd's transforms cost less than the products they save: 36 products for a tile of 16 pixels instead
  /// of 9 a pixel, with the transforms of pictures paid once an output channel and those of weights once for all tiles.
  /// Small weights are kept transformed, and then four times as many have to be fetched: pictures of a few tiles are
  /// better off without. Large ones are transformed as they go.
  var isWorthTransforming: Bool {
    guard kernelHeight == 3, kernelWidth == 3, stride == 1, channels >= 8, outputChannels >= 8 else { return false }
    let tiles = batch * ((outputHeight + 3) / 4) * ((outputWidth + 3) / 4)
    let fixed = channels * outputChannels <= 1 << 17 ? 900 : 160
    return tiles * 44 + fixed < batch * pixels * 9
  }
}
