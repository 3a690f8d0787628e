package import MoonTensor
package import MoonWeights

/// The network between pictures and latents: AutoencoderKL of the reference. Proved by `Fixtures/layers`.
package struct Autoencoder: Sendable {
  /// The sizes it was made with.
  package let configuration: AutoencoderConfiguration
  /// The memory that its mapped weights take; given back, it comes again with the next call.
  package let pages: WeightPages
  private let encoder: AutoencoderEncoder
  private let decoder: AutoencoderDecoder
  private let quantConvolution: ConvolutionLayer?
  private let postQuantConvolution: ConvolutionLayer?

  /// Takes all weights of both halves and refuses keys that are left over.
  ///
  /// - Throws: `WeightsError`, naming the missing, misshapen or unused key.
  package init(_ configuration: AutoencoderConfiguration, weights: WeightMap) throws {
    self.configuration = configuration
    pages = WeightPages(of: weights)
    encoder = try AutoencoderEncoder(weights.scoped("encoder."), configuration)
    decoder = try AutoencoderDecoder(weights.scoped("decoder."), configuration)
    let channels = configuration.latentChannels
    quantConvolution =
      configuration.usesQuantConvolution
      ? try weights.convolution("quant_conv", 2 * channels, 2 * channels, kernel: 1) : nil
    postQuantConvolution =
      configuration.usesPostQuantConvolution
      ? try weights.convolution("post_quant_conv", channels, channels, kernel: 1) : nil
    try weights.finish()
  }

  /// Decodes latents that were divided by the scaling factor.
  ///
  /// - Parameters:
  ///   - latents: `[batch, latentChannels, height, width]`.
  ///   - observe: Called with the name and the activations (channels last) of each stage.
  /// - Returns: `[batch, 3, height * factor, width * factor]`, about -1...1.
  /// - Throws: `NetworkError.badInput`, `TensorError`.
  package func decode(_ latents: Tensor, observe: ((String, Tensor) -> Void)? = nil) throws -> Tensor {
    guard latents.rank == 4, latents.shape[1] == configuration.latentChannels else {
      throw NetworkError.badInput(
        network: "autoencoder", found: latents.shape,
        wanted: "[batch, \(configuration.latentChannels), height, width]")
    }
    var hidden = try latents.channelsLast()
    if let postQuantConvolution { hidden = try postQuantConvolution(hidden) }
    observe?("post_quant_conv", hidden)
    return try decoder(hidden, observe: observe).channelsFirst()
  }

  /// Encodes pictures to the mean and the logarithm of the variance of their latents.
  ///
  /// - Parameters:
  ///   - image: `[batch, 3, height, width]` in -1...1, both sides multiples of `configuration.factor`.
  ///   - observe: Called with the name and the activations (channels last) of each stage.
  /// - Returns: The moments, `[batch, 2 * latentChannels, height / factor, width / factor]`.
  /// - Throws: `NetworkError.badInput`, `TensorError`.
  package func encode(_ image: Tensor, observe: ((String, Tensor) -> Void)? = nil) throws -> Tensor {
    let factor = configuration.factor
    guard image.rank == 4, image.shape[1] == configuration.imageChannels,
      image.shape[2] % factor == 0, image.shape[3] % factor == 0
    else {
      throw NetworkError.badInput(
        network: "autoencoder", found: image.shape,
        wanted: "[batch, \(configuration.imageChannels), height, width] with multiples of \(factor)")
    }
    var hidden = try encoder(image.channelsLast(), observe: observe)
    observe?("encoder", hidden)
    if let quantConvolution { hidden = try quantConvolution(hidden) }
    return try hidden.channelsFirst()
  }
}
