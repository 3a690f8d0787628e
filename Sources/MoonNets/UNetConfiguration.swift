package import MoonWeights

/// Sizes and kinds of the blocks of a UNet, from its `config.json`.
package struct UNetConfiguration: Sendable, Equatable {
  /// Channels that come in: 4 for text-to-image.
  package var inputChannels: Int
  /// Channels that go out.
  package var outputChannels: Int
  /// Height and width of the latents that the model was trained on.
  package var sampleHeight: Int
  package var sampleWidth: Int
  /// Channels of each level, outermost first.
  package var channels: [Int]
  /// Whether each level on the way down attends to the text.
  package var downAttends: [Bool]
  /// Whether each level on the way up attends to the text, innermost first.
  package var upAttends: [Bool]
  /// Residual blocks of each level on the way down; the way up has one more.
  package var layers: [Int]
  /// Attention heads of each level.
  package var heads: [Int]
  /// Transformer blocks of each attention of each level.
  package var depths: [Int]
  /// Width of the text embeddings.
  package var contextWidth: Int
  package var groups: Int
  package var epsilon: Float
  package var downsamplePadding: Int
  package var flipsSineToCosine: Bool
  package var frequencyShift: Double
  package var timeWidth: Int

  /// Reads a configuration, and refuses values that change the network in ways not computed here.
  ///
  /// - Throws: `NetworkError.unsupported`, `.inconsistent`, or an error of `config` that names the key.
  package init(_ config: ConfigFile) throws {
    try Self.checkFixedValues(config)
    channels = try config.intList("block_out_channels", default: [320, 640, 1280, 1280])
    let levels = channels.count
    inputChannels = try config.int("in_channels", default: 4)
    outputChannels = try config.int("out_channels", default: 4)
    let sample = try config.intOrList("sample_size", count: 2, default: [64, 64])
    (sampleHeight, sampleWidth) = (sample[0], sample[1])
    let down = try config.stringList(
      "down_block_types",
      default: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"])
    let up = try config.stringList(
      "up_block_types", default: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"])
    downAttends = try Self.attends(
      down, key: "down_block_types", plain: "DownBlock2D", attending: "CrossAttnDownBlock2D", config)
    upAttends = try Self.attends(
      up, key: "up_block_types", plain: "UpBlock2D", attending: "CrossAttnUpBlock2D", config)
    layers = try config.intOrList("layers_per_block", count: levels, default: [Int](repeating: 2, count: levels))
    // The published configurations say attention_head_dim where they mean the number of heads; the reference, too,
    // refuses the other name.
    heads = try config.intOrList(
      "attention_head_dim", count: levels, default: [Int](repeating: 8, count: levels))
    depths = try config.intOrList(
      "transformer_layers_per_block", count: levels, default: [Int](repeating: 1, count: levels))
    contextWidth = try config.int("cross_attention_dim", default: 1280)
    groups = try config.int("norm_num_groups", default: 32)
    epsilon = Float(try config.double("norm_eps", default: 1e-5))
    downsamplePadding = try config.int("downsample_padding", default: 1)
    flipsSineToCosine = try config.bool("flip_sin_to_cos", default: true)
    frequencyShift = try config.double("freq_shift", default: 0)
    timeWidth =
      config.isSet("time_embedding_dim")
      ? try config.int("time_embedding_dim") : (channels.first ?? 0) &* 4
    try checkSizes(file: config.name)
  }

  private func checkSizes(file: String) throws {
    func refuse(_ detail: String) -> NetworkError { .inconsistent(file: file, detail: detail) }
    if channels.isEmpty || channels.count > 16 { throw refuse("\"block_out_channels\" needs 1 to 16 levels") }
    if downAttends.count != channels.count || upAttends.count != channels.count {
      throw refuse("the block types and \"block_out_channels\" differ in length")
    }
    let sizes =
      channels + layers + heads + depths
      + [inputChannels, outputChannels, sampleHeight, sampleWidth, contextWidth, groups, timeWidth]
    if sizes.contains(where: { $0 < 1 || $0 > 1 << 20 }) { throw refuse("a size is outside 1..\(1 << 20)") }
    if downsamplePadding < 0 || downsamplePadding > 1 { throw refuse("\"downsample_padding\" is neither 0 nor 1") }
    for (level, count) in channels.enumerated() {
      if count % groups != 0 { throw refuse("\(count) channels do not divide into \(groups) groups") }
      if count % heads[level] != 0 { throw refuse("\(count) channels do not divide into \(heads[level]) heads") }
    }
  }

  private static func attends(
    _ types: [String], key: String, plain: String, attending: String, _ config: ConfigFile
  ) throws -> [Bool] {
    try types.map { type in
      if type == attending { return true }
      if type == plain { return false }
      throw NetworkError.unsupported(
        file: config.name, key: key, found: "\"\(type)\"", detail: "\"\(plain)\" and \"\(attending)\" are")
    }
  }

  /// Keys whose only computed value is the default of the reference.
  private static func checkFixedValues(_ config: ConfigFile) throws {
    try config.expect("_class_name", oneOf: ["UNet2DConditionModel"])
    try config.expect("act_fn", oneOf: ["silu", "swish"])
    try config.expect("mid_block_type", oneOf: ["UNetMidBlock2DCrossAttn"])
    try config.expect("time_embedding_type", oneOf: ["positional"])
    try config.expect("resnet_time_scale_shift", oneOf: ["default"])
    try config.expect("attention_type", oneOf: ["default"])
    for key in [
      "addition_embed_type", "class_embed_type", "encoder_hid_dim", "encoder_hid_dim_type", "num_class_embeds",
      "time_cond_proj_dim", "timestep_post_act", "time_embedding_act_fn", "cross_attention_norm",
      "reverse_transformer_layers_per_block", "num_attention_heads",
    ] {
      try config.expectNull(key)
    }
    for key in [
      "center_input_sample", "only_cross_attention", "dual_cross_attention", "resnet_skip_time_act",
      "class_embeddings_concat", "mid_block_only_cross_attention",
    ] {
      try config.expectFalse(key)
    }
    for key in ["mid_block_scale_factor", "resnet_out_scale_factor"] {
      try config.expectNumber(key, 1)
    }
    for key in ["conv_in_kernel", "conv_out_kernel"] { try config.expectNumber(key, 3) }
  }
}
