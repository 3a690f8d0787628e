package import MoonTensor
package import MoonWeights

/// Two convolutions with normalisation and a shortcut: ResnetBlock2D of the reference, without and with a time
/// embedding. Proved by `Fixtures/layers`.
package struct ResidualBlock: Sendable {
  private let firstNorm: GroupNorm
  private let firstConvolution: ConvolutionLayer
  private let timeProjection: LinearLayer?
  private let secondNorm: GroupNorm
  private let secondConvolution: ConvolutionLayer
  private let shortcut: ConvolutionLayer?

  /// Takes the block's weights.
  ///
  /// - Parameters:
  ///   - weights: The block's own keys: `norm1`, `conv1`, `time_emb_proj`, `norm2`, `conv2`, `conv_shortcut`.
  ///   - input: Channels that come in.
  ///   - output: Channels that go out.
  ///   - timeWidth: Width of the time embedding; `nil` for a block without one.
  ///   - groups: Groups of both norms.
  ///   - epsilon: Epsilon of both norms.
  /// - Throws: `WeightsError`, naming the key.
  package init(
    _ weights: WeightMap, input: Int, output: Int, timeWidth: Int?, groups: Int, epsilon: Float
  ) throws {
    firstNorm = try GroupNorm(weights.scoped("norm1."), channels: input, groups: groups, epsilon: epsilon)
    firstConvolution = try weights.convolution("conv1", input, output)
    if let timeWidth {
      timeProjection = try weights.linear("time_emb_proj", timeWidth, output)
    } else {
      timeProjection = nil
    }
    secondNorm = try GroupNorm(weights.scoped("norm2."), channels: output, groups: groups, epsilon: epsilon)
    secondConvolution = try weights.convolution("conv2", output, output)
    shortcut = input == output ? nil : try weights.convolution("conv_shortcut", input, output, kernel: 1)
  }

  /// Runs the block on `[batch, height, width, input]`.
  ///
  /// - Parameters:
  ///   - input: Activations, channels last.
  ///   - activatedTime: SiLU of the time embedding, `[batch, timeWidth]`.
  /// - Returns: `[batch, height, width, output]`.
  /// - Throws: `TensorError`.
  package func callAsFunction(_ input: Tensor, activatedTime: Tensor? = nil) throws(TensorError) -> Tensor {
    var rowBias: Tensor?
    if let timeProjection, let activatedTime { rowBias = try timeProjection(activatedTime) }
    let hidden = try firstNorm.convolved(
      input, activation: .silu, by: firstConvolution, addingPerRow: rowBias)
    return try secondNorm.convolved(
      hidden, activation: .silu, by: secondConvolution, adding: shortcut?(input) ?? input)
  }
}
