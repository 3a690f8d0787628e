internal import MoonTensor
internal import MoonWeights

/// Halves the size by a convolution of stride 2.
struct Downsampler: Sendable {
  private let convolution: ConvolutionLayer

  /// Takes `conv`; a padding of 0 means one row and one column of zeros at the bottom and at the right.
  init(_ weights: WeightMap, channels: Int, padding: Int) throws {
    convolution = try weights.convolution(
      "conv", channels, channels, stride: 2,
      padding: padding == 0 ? Padding(top: 0, left: 0, bottom: 1, right: 1) : Padding(padding))
  }

  func callAsFunction(_ input: Tensor) throws(TensorError) -> Tensor { try convolution(input) }
}

/// Grows to a given size by repeating pixels, then convolves.
struct Upsampler: Sendable {
  private let convolution: ConvolutionLayer

  /// Takes `conv`.
  init(_ weights: WeightMap, channels: Int) throws {
    convolution = try weights.convolution("conv", channels, channels)
  }

  func callAsFunction(_ input: Tensor, height: Int, width: Int) throws(TensorError) -> Tensor {
    try convolution(input.upsampledNearest(toHeight: height, width: width))
  }
}
