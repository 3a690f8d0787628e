package import MoonWeights

/// Sizes of a control network, from its `config.json`.
package struct ControlNetConfiguration: Sendable, Equatable {
  /// The sizes of the half of a UNet that it is; those of the way up mean nothing.
  package var network: UNetConfiguration
  /// Channels of the control image, which is a picture.
  package var imageChannels: Int { 3 }
  /// Channels of each level of the embedding of the control image, outermost first.
  package var embeddingChannels: [Int]
  /// Whether the network was trained on images whose channels were turned round.
  package var reversesImageChannels: Bool
  /// Whether the residuals are averaged over the picture; such a network always runs in guess mode, as the reference's
  /// pipelines run it.
  package var poolsGlobally: Bool

  /// Pixels of the control image along one side of a latent.
  package var factor: Int { 1 << (embeddingChannels.count - 1) }

  /// Reads a configuration, and refuses values that change the network in ways not computed here.
  ///
  /// - Throws: `NetworkError.unsupported`, `.inconsistent`, or an error of `config` that names the key.
  package init(_ config: ConfigFile) throws {
    network = try UNetConfiguration(config, className: "ControlNetModel", upAttends: nil)
    try config.expectNumber("conditioning_channels", 3)
    embeddingChannels = try config.intList("conditioning_embedding_out_channels", default: [16, 32, 96, 256])
    try config.expect("controlnet_conditioning_channel_order", oneOf: ["rgb", "bgr"])
    reversesImageChannels = try config.string("controlnet_conditioning_channel_order", default: "rgb") == "bgr"
    poolsGlobally = try config.bool("global_pool_conditions", default: false)
    func refuse(_ detail: String) -> NetworkError { .inconsistent(file: config.name, detail: detail) }
    if embeddingChannels.isEmpty || embeddingChannels.count > 16 {
      throw refuse("\"conditioning_embedding_out_channels\" needs 1 to 16 levels")
    }
    try config.requireSizes(["conditioning_embedding_out_channels": embeddingChannels], most: 1 << 20)
  }
}
