internal import MoonNets
internal import MoonTensor

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

  func latentColours() throws -> LatentColours { try LatentColours(autoencoder) }
}
