internal import MoonTensor
internal import MoonWeights

/// The decoder half of an autoencoder.
struct AutoencoderDecoder: Sendable {
  private let convolutionIn: ConvolutionLayer
  private let midBlock: AutoencoderMidBlock
  private let levels: [(residuals: [ResidualBlock], upsampler: Upsampler?)]
  private let normOut: GroupNorm
  private let convolutionOut: ConvolutionLayer

  init(_ weights: WeightMap, _ configuration: AutoencoderConfiguration) throws {
    let channels = Array(configuration.channels.reversed())
    convolutionIn = try weights.convolution("conv_in", configuration.latentChannels, channels[0])
    midBlock = try AutoencoderMidBlock(weights.scoped("mid_block."), configuration, channels: channels[0])
    var levels: [(residuals: [ResidualBlock], upsampler: Upsampler?)] = []
    for level in channels.indices {
      let block = weights.scoped("up_blocks.\(level).")
      var residuals: [ResidualBlock] = []
      for layer in 0...configuration.layers {
        residuals.append(
          try ResidualBlock(
            block.scoped("resnets.\(layer)."), configuration,
            input: layer == 0 ? channels[max(level - 1, 0)] : channels[level], output: channels[level]))
      }
      let upsampler =
        level == channels.count - 1
        ? nil : try Upsampler(block.scoped("upsamplers.0."), channels: channels[level])
      levels.append((residuals, upsampler))
    }
    self.levels = levels
    let outermost = channels[channels.count - 1]
    normOut = try GroupNorm(
      weights.scoped("conv_norm_out."), channels: outermost, groups: configuration.groups,
      epsilon: autoencoderEpsilon)
    convolutionOut = try weights.convolution("conv_out", outermost, configuration.outputChannels)
  }

  func callAsFunction(_ latents: Tensor, observe: ((String, Tensor) -> Void)?) throws(TensorError) -> Tensor {
    var hidden = try convolutionIn(latents)
    observe?("decoder.conv_in", hidden)
    hidden = try midBlock(hidden)
    observe?("decoder.mid_block", hidden)
    for (index, level) in levels.enumerated() {
      for residual in level.residuals { hidden = try residual(hidden) }
      if let upsampler = level.upsampler {
        hidden = try upsampler(hidden, height: hidden.shape[1] * 2, width: hidden.shape[2] * 2)
      }
      observe?("decoder.up_blocks.\(index)", hidden)
    }
    return try normOut.convolved(hidden, activation: .silu, by: convolutionOut)
  }
}
