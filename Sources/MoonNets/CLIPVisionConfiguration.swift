package import MoonTensor
package import MoonWeights

/// Sizes of a CLIP vision encoder, from its `config.json` or from the `vision_config` of a whole CLIP model's.
package struct CLIPVisionConfiguration: Sendable, Equatable {
  package var width: Int
  package var feedForwardWidth: Int
  package var layers: Int
  package var heads: Int
  package var channels: Int
  /// Pixels along each side of a picture.
  package var imageSize: Int
  /// Pixels along each side of a patch.
  package var patchSize: Int
  package var activation: Activation
  package var epsilon: Float
  /// Width of the image embeddings.
  package var projectionWidth: Int

  /// Patches along each side of a picture.
  package var grid: Int { imageSize / patchSize }
  /// Patches of a picture and its class token.
  package var positions: Int { grid * grid + 1 }

  /// Reads a configuration; absent keys have the reference's defaults.
  ///
  /// - Throws: `WeightsError`, `NetworkError`, naming the key.
  package init(_ whole: ConfigFile) throws {
    let config = try whole.section("vision_config") ?? whole
    width = try config.int("hidden_size", default: 768)
    feedForwardWidth = try config.int("intermediate_size", default: 3072)
    layers = try config.int("num_hidden_layers", default: 12)
    heads = try config.int("num_attention_heads", default: 12)
    channels = try config.int("num_channels", default: 3)
    imageSize = try config.int("image_size", default: 224)
    patchSize = try config.int("patch_size", default: 32)
    epsilon = Float(try config.double("layer_norm_eps", default: 1e-5))
    activation = try config.hiddenActivation()
    projectionWidth = try config.int("projection_dim", default: whole.int("projection_dim", default: 512))
    func refuse(_ detail: String) -> NetworkError { .inconsistent(file: config.name, detail: detail) }
    try config.requireSizes(
      [
        "hidden_size": [width], "intermediate_size": [feedForwardWidth], "num_hidden_layers": [layers],
        "num_attention_heads": [heads], "projection_dim": [projectionWidth],
      ], most: 1 << 24)
    try config.requireSizes(
      ["num_channels": [channels], "image_size": [imageSize], "patch_size": [patchSize]], most: 1 << 14)
    if width % heads != 0 { throw refuse("a width of \(width) does not divide into \(heads) heads") }
    if patchSize > imageSize { throw refuse("a patch of \(patchSize) is larger than the picture of \(imageSize)") }
  }
}
