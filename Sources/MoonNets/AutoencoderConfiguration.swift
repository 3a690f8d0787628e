package import MoonWeights

/// Sizes of an autoencoder, from its `config.json`.
package struct AutoencoderConfiguration: Sendable, Equatable {
  package var imageChannels: Int
  package var outputChannels: Int
  package var latentChannels: Int
  /// Channels of each level, outermost first.
  package var channels: [Int]
  package var layers: Int
  package var groups: Int
  /// The number that latents are multiplied with after encoding and divided by before decoding.
  package var scalingFactor: Float
  package var midBlockAttends: Bool
  package var usesQuantConvolution: Bool
  package var usesPostQuantConvolution: Bool

  /// Pixels of the picture along one side of a latent.
  package var factor: Int { 1 << (channels.count - 1) }

  /// Reads a configuration, and refuses values that change the network in ways not computed here.
  package init(_ config: ConfigFile) throws {
    try config.expect("_class_name", oneOf: ["AutoencoderKL"])
    try config.expect("act_fn", oneOf: ["silu", "swish"])
    for key in ["latents_mean", "latents_std", "shift_factor"] { try config.expectNull(key) }
    imageChannels = try config.int("in_channels", default: 3)
    outputChannels = try config.int("out_channels", default: 3)
    latentChannels = try config.int("latent_channels", default: 4)
    channels = try config.intList("block_out_channels", default: [64])
    layers = try config.int("layers_per_block", default: 1)
    groups = try config.int("norm_num_groups", default: 32)
    scalingFactor = Float(try config.double("scaling_factor", default: 0.18215))
    midBlockAttends = try config.bool("mid_block_add_attention", default: true)
    usesQuantConvolution = try config.bool("use_quant_conv", default: true)
    usesPostQuantConvolution = try config.bool("use_post_quant_conv", default: true)
    try Self.checkBlocks(config, "down_block_types", "DownEncoderBlock2D", count: channels.count)
    try Self.checkBlocks(config, "up_block_types", "UpDecoderBlock2D", count: channels.count)
    let sizes = channels + [imageChannels, outputChannels, latentChannels, layers, groups]
    func refuse(_ detail: String) -> NetworkError { .inconsistent(file: config.name, detail: detail) }
    if channels.isEmpty || channels.count > 16 { throw refuse("\"block_out_channels\" needs 1 to 16 levels") }
    if sizes.contains(where: { $0 < 1 || $0 > 1 << 20 }) { throw refuse("a size is outside 1..\(1 << 20)") }
    for count in channels where count % groups != 0 {
      throw refuse("\(count) channels do not divide into \(groups) groups")
    }
    if !(scalingFactor > 0) { throw refuse("\"scaling_factor\" is not above 0") }
  }

  private static func checkBlocks(_ config: ConfigFile, _ key: String, _ type: String, count: Int) throws {
    let found = try config.stringList(key, default: [String](repeating: type, count: count))
    if let other = found.first(where: { $0 != type }) {
      throw NetworkError.unsupported(file: config.name, key: key, found: "\"\(other)\"", detail: "\"\(type)\" is")
    }
    if found.count != count {
      throw NetworkError.inconsistent(
        file: config.name, detail: "\"\(key)\" and \"block_out_channels\" differ in length")
    }
  }
}
