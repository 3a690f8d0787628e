package import MoonTensor
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
  /// Mean of each latent channel, where it is given together with `latentsDeviation`; SDXL's pipelines alone use the two:
  /// see `scaled(_:)` and `unscaled(_:)`.
  package var latentsMean: [Float]?
  /// Standard deviation of each latent channel.
  package var latentsDeviation: [Float]?
  package var midBlockAttends: Bool
  package var usesQuantConvolution: Bool
  package var usesPostQuantConvolution: Bool

  /// Pixels of the picture along one side of a latent.
  package var factor: Int { 1 << (channels.count - 1) }

  /// Reads a configuration, and refuses values that change the network in ways not computed here.
  package init(_ config: ConfigFile) throws {
    try config.expect("_class_name", oneOf: ["AutoencoderKL"])
    try config.expect("act_fn", oneOf: ["silu", "swish"])
    try config.expectNumber("shift_factor", 0)
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
    func refuse(_ detail: String) -> NetworkError { .inconsistent(file: config.name, detail: detail) }
    if channels.isEmpty || channels.count > 16 { throw refuse("\"block_out_channels\" needs 1 to 16 levels") }
    try config.requireSizes(
      [
        "block_out_channels": channels, "in_channels": [imageChannels], "out_channels": [outputChannels],
        "latent_channels": [latentChannels], "layers_per_block": [layers], "norm_num_groups": [groups],
      ], most: 1 << 20)
    for count in channels where count % groups != 0 {
      throw refuse("\(count) channels do not divide into \(groups) groups")
    }
    if !(scalingFactor > 0) { throw refuse("\"scaling_factor\" is not above 0") }
    let mean = try Self.channelValues(config, "latents_mean", count: latentChannels)
    let deviation = try Self.channelValues(config, "latents_std", count: latentChannels)
    if let deviation, deviation.contains(where: { !($0 > 0) }) { throw refuse("\"latents_std\" is not above 0") }
    // The reference uses the two together or not at all.
    if let mean, let deviation { (latentsMean, latentsDeviation) = (mean, deviation) }
  }

  /// One number for each latent channel, `nil` where there are none.
  private static func channelValues(_ config: ConfigFile, _ key: String, count: Int) throws -> [Float]? {
    guard config.isSet(key) else { return nil }
    let values = try config.doubleList(key).map { Float($0) }
    if values.count == count { return values }
    throw NetworkError.inconsistent(
      file: config.name, detail: "\"\(key)\" has \(values.count) entries, wanted \(count)")
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

extension AutoencoderConfiguration {
  /// Encoded latents as SDXL's image-to-image denoises them: `(latents - mean) * scalingFactor / deviation`, or times
  /// `scalingFactor` alone where the two are not given. Inpainting multiplies alone in any case, as do the pipelines of SD.
  package func scaled(_ latents: Tensor) throws -> Tensor {
    guard let (mean, deviation) = try channels(of: latents) else { return try latents * scalingFactor }
    return try (latents - mean) * scalingFactor / deviation
  }

  /// The configuration as the pipelines of a family use it: those of SD 1.x and 2.x do not look at mean and deviation.
  package func used(bySDXL isXL: Bool) -> AutoencoderConfiguration {
    var used = self
    if !isXL { (used.latentsMean, used.latentsDeviation) = (nil, nil) }
    return used
  }

  /// Denoised latents as SDXL's pipelines decode them: `latents * deviation / scalingFactor + mean`, or divided by
  /// `scalingFactor` alone where the two are not given.
  package func unscaled(_ latents: Tensor) throws -> Tensor {
    guard let (mean, deviation) = try channels(of: latents) else { return try latents / scalingFactor }
    return try latents * deviation / scalingFactor + mean
  }

  /// Mean and deviation as `[1, latentChannels, 1, 1]`.
  private func channels(of latents: Tensor) throws -> (mean: Tensor, deviation: Tensor)? {
    guard let latentsMean, let latentsDeviation else { return nil }
    guard latents.rank == 4, latents.shape[1] == latentChannels else {
      throw NetworkError.badInput(
        network: "autoencoder", found: latents.shape, wanted: "[batch, \(latentChannels), height, width]")
    }
    let shape = [1, latentChannels, 1, 1]
    return (try Tensor(latentsMean, shape: shape), try Tensor(latentsDeviation, shape: shape))
  }
}
