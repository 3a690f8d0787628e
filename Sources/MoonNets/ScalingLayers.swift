package import MoonTensor
package import MoonWeights

/// Halves the size by a convolution of stride 2. Proved by `Fixtures/layers`.
package struct Downsampler: Sendable {
  private let convolution: ConvolutionLayer

  /// Takes `conv`; a padding of 0 means one row and one column of zeros at the bottom and at the right.
  package init(_ weights: WeightMap, channels: Int, padding: Int) throws {
    convolution = try weights.convolution(
      "conv", channels, channels, stride: 2,
      padding: padding == 0 ? Padding(top: 0, left: 0, bottom: 1, right: 1) : Padding(padding))
  }

  /// Runs the layer on `[batch, height, width, channels]`.
  package func callAsFunction(_ input: Tensor) throws(TensorError) -> Tensor { try convolution(input) }
}

/// Grows to a given size by repeating pixels, then convolves. Proved by `Fixtures/layers`.
package struct Upsampler: Sendable {
  private let convolution: ConvolutionLayer

  /// Takes `conv`.
  package init(_ weights: WeightMap, channels: Int) throws {
    convolution = try weights.convolution("conv", channels, channels)
  }

  /// Runs the layer on `[batch, height, width, channels]`, up to the size given.
  package func callAsFunction(_ input: Tensor, height: Int, width: Int) throws(TensorError) -> Tensor {
    if input.rank == 4, height == 2 * input.shape[1], width == 2 * input.shape[2] {
      return try convolution(input, isDoubled: true)
    }
    return try convolution(input.upsampledNearest(toHeight: height, width: width))
  }
}
