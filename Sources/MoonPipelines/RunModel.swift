internal import MoonNets
internal import MoonTensor
internal import MoonWeights

/// What a run asks of its model beside the noise: texts become embeddings, latents become pictures.
protocol RunModel: Sendable {
  /// The unwanted half of the request.
  func unconditional() throws -> ConditioningBundle
  /// Both halves of another prompt, which is that of every image.
  func encode(_ prompt: String, negativePrompt: String?) throws -> EncodedPrompt
  /// A warning for each text that is longer than the model reads; `source` says where the texts come from.
  func warnings(for texts: [[String]], from source: String) throws -> [String]
  /// Decodes scaled latents: `[1, 3, height, width]` in pixels for each row, about -1...1.
  func decodedRows(_ latents: Tensor) throws -> [Tensor]
  /// Whether decoding one image takes hardly longer than a step's bookkeeping; the size is that of its latents.
  func decodesCheaply(height: Int, width: Int) -> Bool
  /// The map from latents to the colours of previews.
  func latentColours() throws -> LatentColours
}

/// The networks of a model that is loaded.
struct LoadedRunModel: RunModel {
  let encoder: RequestEncoder
  let autoencoder: Autoencoder

  func unconditional() throws -> ConditioningBundle { try encoder.unconditional() }

  func encode(_ prompt: String, negativePrompt: String?) throws -> EncodedPrompt {
    try encoder(prompt, negativePrompt: negativePrompt)
  }

  func warnings(for texts: [[String]], from source: String) throws -> [String] {
    try encoder.encoder.warnings(for: texts, from: source)
  }

  func decodedRows(_ latents: Tensor) throws -> [Tensor] { try autoencoder.decodedRows(latents) }

  /// Counts the products of one convolution at the picture's size, the most expensive of the decoder: four million are
  /// those of the demonstration model at twice its size, and a sixteenth of Stable Diffusion's at 64 x 64 pixels.
  func decodesCheaply(height: Int, width: Int) -> Bool {
    let (factor, channels) = (autoencoder.configuration.factor, autoencoder.configuration.channels.first ?? 1)
    return height * width * factor * factor <= (1 << 22) / (channels * channels)
  }

  /// Fitted to the autoencoder; the memory of its weights is given back until the end of the run.
  func latentColours() throws -> LatentColours {
    defer { autoencoder.pages.release() }
    return try LatentColours(autoencoder)
  }
}
