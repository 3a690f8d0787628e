package import MoonTensor
internal import MoonWeights

/// What a UNet hears beside latents and time. Every tensor has one row for each row of the latents.
package struct UNetConditioning: Sendable {
  /// Text embeddings, `[rows, positions, width]`.
  package var context: Tensor
  /// Pooled text embeddings, `[rows, pooledWidth]`; networks without `text_time` do not look at them.
  package var addedEmbeds: Tensor?
  /// Sizes and crops of the picture, 6 a row, or 5 with an aesthetic score; networks without `text_time` do not look at
  /// them.
  package var timeIDs: Tensor?
  /// `GuidanceEmbedding` of the scale that the network shall imitate, for a network with a `guidanceWidth`.
  package var guidance: Tensor?
  /// What control networks add to the skip connections and the innermost block.
  package var residuals: ControlResiduals?
  /// One for each adapter of the network, in their order.
  package var images: [ImageConditioning]
  /// Keys and values of `context` from earlier steps; nil to make them anew.
  package var keptContext: KeptContext?

  /// Conditioning by text, and by what else is given.
  package init(
    context: Tensor, addedEmbeds: Tensor? = nil, timeIDs: Tensor? = nil, guidance: Tensor? = nil,
    residuals: ControlResiduals? = nil, images: [ImageConditioning] = [], keptContext: KeptContext? = nil
  ) {
    self.context = context
    self.addedEmbeds = addedEmbeds
    self.timeIDs = timeIDs
    self.guidance = guidance
    self.residuals = residuals
    self.images = images
    self.keptContext = keptContext
  }

  /// Checks latents, text embeddings and guidance against the sizes of `network`.
  func check(with latents: Tensor, for configuration: UNetConfiguration, network: String) throws {
    if latents.rank != 4 || latents.shape[3] != configuration.inputChannels {
      throw NetworkError.badInput(
        network: network, found: latents.shape, wanted: "[batch, height, width, \(configuration.inputChannels)]")
    }
    let rows = latents.shape[0]
    if context.rank != 3 || context.shape[2] != configuration.contextWidth || context.shape[0] != rows {
      throw NetworkError.badInput(
        network: "\(network) text embeddings", found: context.shape,
        wanted: "[\(rows), positions, \(configuration.contextWidth)]")
    }
    if let guidance, let width = configuration.guidanceWidth, guidance.shape != [rows, width] {
      throw NetworkError.badInput(
        network: "\(network) guidance embedding", found: guidance.shape, wanted: "[\(rows), \(width)]")
    }
  }

  /// Checks that there is an image prompt for each of `count` adapters.
  func checkImages(count: Int, width: Int) throws {
    if images.count != count {
      throw NetworkError.wrongCount(network: "UNet", name: "image prompts", found: images.count, wanted: count)
    }
    for image in images {
      let shape = image.tokens.shape
      if shape.count != 3 || shape[0] != context.shape[0] || shape[1] == 0 || shape[2] != width {
        throw NetworkError.badInput(
          network: "UNet image prompt", found: shape, wanted: "[\(context.shape[0]), tokens, \(width)]")
      }
    }
  }
}

/// The image prompt of one adapter.
package struct ImageConditioning: Sendable {
  /// Image tokens, `[rows, tokens, width]`. Those of several images stand one after the other: the queries attend to all
  /// of them at once.
  package var tokens: Tensor
  /// Weight of what the image says beside what the text says; 0 costs nothing.
  package var scale: Double

  /// Tokens with their weight.
  package init(tokens: Tensor, scale: Double) {
    self.tokens = tokens
    self.scale = scale
  }
}
