package import MoonTensor
package import MoonWeights

/// The network that predicts the noise: UNet2DConditionModel of the reference, as SD 1.x and 2.x use it.
/// Proved by `Fixtures/layers` block by block.
package struct UNet: Sendable {
  /// The sizes it was made with.
  package let configuration: UNetConfiguration
  /// The memory that its mapped weights take; given back, it comes again with the next call.
  package let pages: WeightPages
  /// The adapters that were added.
  package private(set) var adapterCount = 0
  private var encoder: UNetEncoder
  private var upBlocks: [UNetUpBlock]
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
    let context = UNetBlockContext(configuration)
    encoder = try UNetEncoder(configuration, weights: weights)
    var skipChannels = configuration.skipChannels
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

  /// This network with one more adapter, whose weights both share: from then on it takes one more image prompt.
  ///
  /// - Throws: `NetworkError.badInput` for an adapter that was made for another network.
  package func adding(_ adapter: IPAdapterLayers) throws -> UNet {
    let widths = configuration.crossAttentionWidths
    guard adapter.widths == widths, adapter.contextWidth == configuration.contextWidth else {
      throw NetworkError.badInput(
        network: "UNet adapter for text embeddings of width \(adapter.contextWidth)", found: adapter.widths,
        wanted: "\(TensorError.text(widths)) for width \(configuration.contextWidth)")
    }
    var copy = self
    var layers = adapter.layers[...]
    copy.encoder.addDown(&layers)
    for index in copy.upBlocks.indices { copy.upBlocks[index].add(&layers) }
    copy.encoder.addInnermost(&layers)
    copy.adapterCount += 1
    return copy
  }

  /// Predicts the noise (or the velocity, as the model was trained) in `latents`, led by text alone.
  ///
  /// - Parameters:
  ///   - latents: `[batch, height, width, inputChannels]`, scaled as the scheduler wants it.
  ///   - timestep: Training time.
  ///   - context: Text embeddings, `[batch, positions, contextWidth]`.
  ///   - observe: As below.
  /// - Returns: `[batch, height, width, outputChannels]`.
  /// - Throws: `NetworkError`, `TensorError`.
  package func callAsFunction(
    _ latents: Tensor, timestep: Double, context: Tensor, observe: ((String, Tensor) -> Void)? = nil
  ) throws -> Tensor {
    try self(latents, timestep: timestep, conditioning: UNetConditioning(context: context), observe: observe)
  }

  /// Predicts the noise (or the velocity, as the model was trained) in `latents`.
  ///
  /// - Parameters:
  ///   - latents: `[batch, height, width, inputChannels]`, scaled as the scheduler wants it.
  ///   - timestep: Training time.
  ///   - conditioning: Text embeddings and all else that leads the prediction.
  ///   - observe: Called with the name and the activations (channels last) of each stage, for comparison with the
  ///     reference. `time_embedding` and `conv_norm_out` come after their SiLU, those of the reference before it;
  ///     `time_embedding` holds what is added to it, too.
  /// - Returns: `[batch, height, width, outputChannels]`.
  /// - Throws: `NetworkError`, `TensorError`.
  package func callAsFunction(
    _ latents: Tensor, timestep: Double, conditioning: UNetConditioning, observe: ((String, Tensor) -> Void)? = nil
  ) throws -> Tensor {
    try conditioning.check(with: latents, for: configuration, network: "UNet")
    try conditioning.checkImages(count: adapterCount, width: configuration.contextWidth)
    let activatedTime = try encoder.activatedTime(timestep, conditioning, rows: latents.shape[0], network: "UNet")
    observe?("time_embedding", activatedTime)
    var (hidden, skips) = try encoder(
      latents, activatedTime: activatedTime, conditioning: conditioning, observe: observe)
    if let residuals = conditioning.residuals { try residuals.add(to: &hidden, and: &skips) }
    for (index, block) in upBlocks.enumerated() {
      hidden = try block(hidden, activatedTime: activatedTime, conditioning: conditioning, skips: &skips)
      observe?("up_blocks.\(index)", hidden)
    }
    hidden = try normOut(hidden, activation: .silu)
    observe?("conv_norm_out", hidden)
    return try convolutionOut(hidden)
  }
}
