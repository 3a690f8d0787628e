internal import MoonTensor
internal import MoonWeights

/// The encoder half of an autoencoder.
struct AutoencoderEncoder: Sendable {
  private let convolutionIn: ConvolutionLayer
  private let levels: [(residuals: [ResidualBlock], downsampler: Downsampler?)]
  private let midBlock: AutoencoderMidBlock
  private let normOut: GroupNorm
  private let convolutionOut: ConvolutionLayer

  init(_ weights: WeightMap, _ configuration: AutoencoderConfiguration) throws {
    let channels = configuration.channels
    let last = channels.count - 1
    convolutionIn = try weights.convolution("conv_in", configuration.imageChannels, channels[0])
    var levels: [(residuals: [ResidualBlock], downsampler: Downsampler?)] = []
    for level in channels.indices {
      let block = weights.scoped("down_blocks.\(level).")
      var residuals: [ResidualBlock] = []
      for layer in 0..<configuration.layers {
        residuals.append(
          try ResidualBlock(
            block.scoped("resnets.\(layer)."), configuration,
            input: layer == 0 ? channels[max(level - 1, 0)] : channels[level], output: channels[level]))
      }
      let downsampler =
        level == last
        ? nil : try Downsampler(block.scoped("downsamplers.0."), channels: channels[level], padding: 0)
      levels.append((residuals, downsampler))
    }
    self.levels = levels
    midBlock = try AutoencoderMidBlock(weights.scoped("mid_block."), configuration, channels: channels[last])
    normOut = try GroupNorm(
      weights.scoped("conv_norm_out."), channels: channels[last], groups: configuration.groups,
      epsilon: autoencoderEpsilon)
    convolutionOut = try weights.convolution("conv_out", channels[last], 2 * configuration.latentChannels)
  }

  func callAsFunction(_ image: Tensor, observe: ((String, Tensor) -> Void)?) throws(TensorError) -> Tensor {
    var hidden = try convolutionIn(image)
    observe?("encoder.conv_in", hidden)
    for (index, level) in levels.enumerated() {
      for residual in level.residuals { hidden = try residual(hidden) }
      if let downsampler = level.downsampler { hidden = try downsampler(hidden) }
      observe?("encoder.down_blocks.\(index)", hidden)
    }
    hidden = try midBlock(hidden)
    observe?("encoder.mid_block", hidden)
    return try normOut.convolved(hidden, activation: .silu, by: convolutionOut)
  }
}
