package import MoonTensor
package import MoonWeights

/// The network that predicts the noise: UNet2DConditionModel of the reference, as SD 1.x and 2.x use it.
/// Proved by `Fixtures/layers` block by block.
package struct UNet: Sendable {
  /// The sizes it was made with.
  package let configuration: UNetConfiguration
  /// The memory that its mapped weights take; given back, it comes again with the next call.
  package let pages: WeightPages
  private let timeEmbedding: TimeEmbedding
  private let convolutionIn: ConvolutionLayer
  private let downBlocks: [UNetDownBlock]
  private let midBlock: UNetMidBlock
  private let upBlocks: [UNetUpBlock]
  private let normOut: GroupNorm
  private let convolutionOut: ConvolutionLayer

  /// Takes all weights of a UNet and refuses keys that are left over.
  ///
  /// - Throws: `WeightsError`, naming the missing, misshapen or unused key.
  package init(_ configuration: UNetConfiguration, weights: WeightMap) throws {
    self.configuration = configuration
    pages = WeightPages(of: weights)
    let channels = configuration.channels
    let levels = channels.count
    let context = UNetBlockContext(
      timeWidth: configuration.timeWidth, contextWidth: configuration.contextWidth,
      groups: configuration.groups, epsilon: configuration.epsilon)
    timeEmbedding = try TimeEmbedding(
      weights.scoped("time_embedding."), width: channels[0], output: configuration.timeWidth,
      flipsSineToCosine: configuration.flipsSineToCosine, frequencyShift: configuration.frequencyShift)
    convolutionIn = try weights.convolution("conv_in", configuration.inputChannels, channels[0])

    var skipChannels = [channels[0]]
    var downBlocks: [UNetDownBlock] = []
    for level in 0..<levels {
      let isLast = level == levels - 1
      downBlocks.append(
        try UNetDownBlock(
          weights.scoped("down_blocks.\(level)."), context, input: channels[max(level - 1, 0)],
          output: channels[level], layers: configuration.layers[level], heads: configuration.heads[level],
          depth: configuration.depths[level], attends: configuration.downAttends[level],
          downsamplePadding: isLast ? nil : configuration.downsamplePadding))
      skipChannels += [Int](
        repeating: channels[level], count: configuration.layers[level] + (isLast ? 0 : 1))
    }
    self.downBlocks = downBlocks
    midBlock = try UNetMidBlock(
      weights.scoped("mid_block."), context, channels: channels[levels - 1],
      heads: configuration.heads[levels - 1], depth: configuration.depths[levels - 1])

    var upBlocks: [UNetUpBlock] = []
    for index in 0..<levels {
      let level = levels - 1 - index
      let count = configuration.layers[level] + 1
      upBlocks.append(
        try UNetUpBlock(
          weights.scoped("up_blocks.\(index)."), context, input: channels[min(level + 1, levels - 1)],
          output: channels[level], skipChannels: skipChannels.suffix(count).reversed(),
          heads: configuration.heads[level], depth: configuration.depths[level],
          attends: configuration.upAttends[index], upsamples: level > 0))
      skipChannels.removeLast(count)
    }
    self.upBlocks = upBlocks
    normOut = try GroupNorm(
      weights.scoped("conv_norm_out."), channels: channels[0], groups: configuration.groups,
      epsilon: configuration.epsilon)
    convolutionOut = try weights.convolution("conv_out", channels[0], configuration.outputChannels)
    try weights.finish()
  }

  /// Predicts the noise (or the velocity, as the model was trained) in `latents`.
  ///
  /// - Parameters:
  ///   - latents: `[batch, height, width, inputChannels]`, scaled as the scheduler wants it.
  ///   - timestep: Training time.
  ///   - context: Text embeddings, `[batch, positions, contextWidth]`.
  ///   - observe: Called with the name and the activations (channels last) of each stage, for comparison with the
  ///     reference. `time_embedding` and `conv_norm_out` come after their SiLU, those of the reference before it.
  /// - Returns: `[batch, height, width, outputChannels]`.
  /// - Throws: `NetworkError.badInput`, `TensorError`.
  package func callAsFunction(
    _ latents: Tensor, timestep: Double, context: Tensor, observe: ((String, Tensor) -> Void)? = nil
  ) throws -> Tensor {
    try checkInput(latents, context)
    var activatedTime = try timeEmbedding.activated(timestep: timestep)
    activatedTime = try activatedTime.expanded(to: [latents.shape[0], configuration.timeWidth])
    observe?("time_embedding", activatedTime)
    var hidden = try convolutionIn(latents)
    observe?("conv_in", hidden)
    var skips = [hidden]
    for (level, block) in downBlocks.enumerated() {
      let earlier = skips.count
      hidden = try block(hidden, activatedTime: activatedTime, context: context, skips: &skips)
      for index in earlier..<skips.count { observe?("down_blocks.\(level)/skip_\(index - earlier)", skips[index]) }
      observe?("down_blocks.\(level)", hidden)
    }
    hidden = try midBlock(hidden, activatedTime: activatedTime, context: context)
    observe?("mid_block", hidden)
    for (index, block) in upBlocks.enumerated() {
      hidden = try block(hidden, activatedTime: activatedTime, context: context, skips: &skips)
      observe?("up_blocks.\(index)", hidden)
    }
    hidden = try normOut(hidden, activation: .silu)
    observe?("conv_norm_out", hidden)
    return try convolutionOut(hidden)
  }

  private func checkInput(_ latents: Tensor, _ context: Tensor) throws {
    if latents.rank != 4 || latents.shape[3] != configuration.inputChannels {
      throw NetworkError.badInput(
        network: "UNet", found: latents.shape, wanted: "[batch, height, width, \(configuration.inputChannels)]")
    }
    if context.rank != 3 || context.shape[2] != configuration.contextWidth || context.shape[0] != latents.shape[0] {
      throw NetworkError.badInput(
        network: "UNet text embeddings", found: context.shape,
        wanted: "[\(latents.shape[0]), positions, \(configuration.contextWidth)]")
    }
  }
}
