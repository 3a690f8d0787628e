internal import Foundation
package import MoonTensor
package import MoonWeights

/// A network that turns a control image into residuals for a UNet: ControlNetModel of the reference. Proved by
/// `Fixtures/guide_networks`.
package struct ControlNet: Sendable {
  /// The sizes it was made with.
  package let configuration: ControlNetConfiguration
  /// The memory that its mapped weights take; given back, it comes again with the next call.
  package let pages: WeightPages
  private let embedding: ControlImageEmbedding
  private let encoder: UNetEncoder
  private let downConvolutions: [ConvolutionLayer]
  private let midConvolution: ConvolutionLayer

  /// Takes all weights and refuses keys that are left over.
  ///
  /// - Throws: `WeightsError`, naming the missing, misshapen or unused key.
  package init(_ configuration: ControlNetConfiguration, weights: WeightMap) throws {
    self.configuration = configuration
    pages = WeightPages(of: weights)
    let network = configuration.network
    embedding = try ControlImageEmbedding(weights.scoped("controlnet_cond_embedding."), configuration)
    encoder = try UNetEncoder(network, weights: weights)
    var downConvolutions: [ConvolutionLayer] = []
    for (index, channels) in network.skipChannels.enumerated() {
      downConvolutions.append(
        try weights.convolution("controlnet_down_blocks.\(index)", channels, channels, kernel: 1))
    }
    self.downConvolutions = downConvolutions
    let last = network.channels[network.channels.count - 1]
    midConvolution = try weights.convolution("controlnet_mid_block", last, last, kernel: 1)
    try weights.finish()
  }

  /// The embedding of a control image, which is the same at every step.
  ///
  /// - Parameter control: `[rows, height, width, imageChannels]`, 0...1, `configuration.factor` pixels along one side of
  ///   a latent.
  /// - Returns: `[rows, height / factor, width / factor, channels]`.
  /// - Throws: `NetworkError.badInput`, `TensorError`.
  package func embedded(_ control: Tensor) throws -> Tensor {
    let channels = configuration.imageChannels
    guard control.rank == 4, control.shape[3] == channels else {
      throw NetworkError.badInput(
        network: "ControlNet control image", found: control.shape, wanted: "[batch, height, width, \(channels)]")
    }
    return try embedding(control)
  }

  /// The residuals for a control image; what it shows is embedded anew.
  ///
  /// - Parameters:
  ///   - latents: As below.
  ///   - timestep: Training time.
  ///   - conditioning: As below.
  ///   - control: The control image, as `embedded` takes it.
  ///   - scale: As below.
  ///   - guesses: As below.
  /// - Returns: As below.
  /// - Throws: `NetworkError`, `TensorError`.
  package func callAsFunction(
    _ latents: Tensor, timestep: Double, conditioning: UNetConditioning, control: Tensor, scale: Double = 1,
    guesses: Bool = false
  ) throws -> ControlResiduals {
    try self(
      latents, timestep: timestep, conditioning: conditioning, embedded: embedded(control), scale: scale,
      guesses: guesses)
  }

  /// The residuals for a control image that was embedded before.
  ///
  /// - Parameters:
  ///   - latents: `[batch, height, width, inputChannels]`, as the UNet gets them.
  ///   - timestep: Training time.
  ///   - conditioning: Text embeddings, and pooled ones and time ids for SDXL; all else in it is not looked at.
  ///   - embedded: Result of `embedded`, with one row for each row of the latents or one for all.
  ///   - scale: Factor of all residuals.
  ///   - guesses: Whether outer residuals are weaker: from a tenth of `scale` up to all of it for the innermost.
  ///   - observe: Called with the name and the activations (channels last) of each stage.
  /// - Returns: Residuals for each skip connection and the innermost block, scaled.
  /// - Throws: `NetworkError`, `TensorError`.
  package func callAsFunction(
    _ latents: Tensor, timestep: Double, conditioning: UNetConditioning, embedded: Tensor, scale: Double = 1,
    guesses: Bool = false, observe: ((String, Tensor) -> Void)? = nil
  ) throws -> ControlResiduals {
    let network = configuration.network
    var conditioning = conditioning
    (conditioning.images, conditioning.residuals, conditioning.guidance) = ([], nil, nil)
    try conditioning.check(with: latents, for: network, network: "ControlNet")
    let rows = latents.shape[0]
    let wanted = Array(latents.shape.prefix(3)) + [network.channels[0]]
    guard embedded.rank == 4, embedded.shape[0] == rows || embedded.shape[0] == 1,
      embedded.shape.dropFirst() == wanted.dropFirst()
    else {
      throw NetworkError.badInput(
        network: "ControlNet embedded control image", found: embedded.shape, wanted: TensorError.text(wanted))
    }
    let activatedTime = try encoder.activatedTime(timestep, conditioning, rows: rows, network: "ControlNet")
    let (hidden, skips) = try encoder(
      latents, activatedTime: activatedTime, conditioning: conditioning, adding: embedded.expanded(to: wanted),
      observe: observe)
    var down: [Tensor] = []
    for (index, skip) in skips.enumerated() {
      let share = guesses && !configuration.poolsGlobally ? Self.share(of: index, among: skips.count) : 1
      down.append(try finished(downConvolutions[index](skip), scale: share * Float(scale)))
    }
    return ControlResiduals(down: down, mid: try finished(midConvolution(hidden), scale: Float(scale)))
  }

  /// A residual with its scale, averaged over the picture where the network does so.
  private func finished(_ residual: Tensor, scale: Float) throws(TensorError) -> Tensor {
    let scaled = try scale == 1 ? residual : residual * scale
    return try configuration.poolsGlobally ? scaled.mean(along: [1, 2], keepDimensions: true) : scaled
  }

  /// What guess mode leaves of a skip connection's residual: powers of ten from 0.1 to 1, the last for the innermost
  /// block.
  private static func share(of index: Int, among count: Int) -> Float {
    Float(pow(10, Double(index) / Double(count) - 1))
  }
}

/// The convolutions that bring a control image to the size of the latents.
private struct ControlImageEmbedding: Sendable {
  private let convolutionIn: ConvolutionLayer
  private let blocks: [ConvolutionLayer]
  private let convolutionOut: ConvolutionLayer
  private let reversesChannels: Bool

  init(_ weights: WeightMap, _ configuration: ControlNetConfiguration) throws {
    let channels = configuration.embeddingChannels
    convolutionIn = try weights.convolution("conv_in", configuration.imageChannels, channels[0])
    var blocks: [ConvolutionLayer] = []
    for level in channels.indices.dropLast() {
      blocks.append(try weights.convolution("blocks.\(2 * level)", channels[level], channels[level]))
      blocks.append(
        try weights.convolution("blocks.\(2 * level + 1)", channels[level], channels[level + 1], stride: 2))
    }
    self.blocks = blocks
    convolutionOut = try weights.convolution(
      "conv_out", channels[channels.count - 1], configuration.network.channels[0])
    reversesChannels = configuration.reversesImageChannels
  }

  func callAsFunction(_ control: Tensor) throws(TensorError) -> Tensor {
    var hidden = control
    if reversesChannels {
      var channels: [Tensor] = []
      for index in (0..<control.shape[3]).reversed() {
        channels.append(try control.narrow(3, start: index, length: 1))
      }
      hidden = try .concatenated(channels, along: 3)
    }
    hidden = try convolutionIn(hidden).activated(.silu)
    for block in blocks { hidden = try block(hidden).activated(.silu) }
    return try convolutionOut(hidden)
  }
}
