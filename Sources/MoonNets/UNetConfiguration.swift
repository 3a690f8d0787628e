package import MoonWeights

/// Sizes of the addition `text_time` to a time embedding.
package struct TextTimeConfiguration: Sendable, Equatable {
  /// Sines and cosines of one time id together.
  package var waveWidth: Int
  /// Width of the pooled text embeddings and the waves of all time ids together.
  package var inputWidth: Int

  /// Sizes by their names.
  package init(waveWidth: Int, inputWidth: Int) {
    self.waveWidth = waveWidth
    self.inputWidth = inputWidth
  }
}

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
  /// Whether the innermost block attends to the text; without attention it has one residual block.
  package var midAttends: Bool
  /// Width of the text embeddings.
  package var contextWidth: Int
  package var groups: Int
  package var epsilon: Float
  package var downsamplePadding: Int
  package var flipsSineToCosine: Bool
  package var frequencyShift: Double
  package var timeWidth: Int
  /// What is added to the time embedding; `nil` where nothing is.
  package var addition: TextTimeConfiguration?
  /// Width of `GuidanceEmbedding`, for a network that imitates guidance; `nil` for one that does not.
  package var guidanceWidth: Int?

  /// Reads a configuration, and refuses values that change the network in ways not computed here.
  ///
  /// - Throws: `NetworkError.unsupported`, `.inconsistent`, or an error of `config` that names the key.
  package init(_ config: ConfigFile) throws {
    let up = try config.stringList(
      "up_block_types", default: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"])
    try self.init(
      config, className: "UNet2DConditionModel",
      upAttends: Self.attends(
        up, key: "up_block_types", plain: "UpBlock2D", attending: "CrossAttnUpBlock2D", config))
  }

  /// Reads a configuration of the class named; a network without a way up has `nil` for what attends there.
  init(_ config: ConfigFile, className: String, upAttends: [Bool]?) throws {
    try Self.checkFixedValues(config, className)
    channels = try config.intList("block_out_channels", default: [320, 640, 1280, 1280])
    let levels = channels.count
    inputChannels = try config.int("in_channels", default: 4)
    outputChannels = try config.int("out_channels", default: 4)
    let sample = try config.intOrList("sample_size", count: 2, default: [64, 64])
    (sampleHeight, sampleWidth) = (sample[0], sample[1])
    let down = try config.stringList(
      "down_block_types",
      default: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"])
    downAttends = try Self.attends(
      down, key: "down_block_types", plain: "DownBlock2D", attending: "CrossAttnDownBlock2D", config)
    self.upAttends = upAttends ?? downAttends.reversed()
    if config.isNull("mid_block_type") {
      throw NetworkError.unsupported(
        file: config.name, key: "mid_block_type", found: "null", detail: "a network with a middle block is")
    }
    midAttends = try config.isSet("mid_block_type") ? config.string("mid_block_type") != "UNetMidBlock2D" : true
    layers = try config.intOrList("layers_per_block", count: levels, default: [Int](repeating: 2, count: levels))
    // The published configurations say attention_head_dim where they mean the number of heads; the reference, too,
    // refuses the other name.
    heads = try config.intOrList(
      "attention_head_dim", count: levels, default: [Int](repeating: 8, count: levels))
    depths = try config.intOrList(
      "transformer_layers_per_block", count: levels, default: [Int](repeating: 1, count: levels))
    let contextWidths = try config.intOrList("cross_attention_dim", count: levels, default: [1280])
    let width = contextWidths.first ?? 0
    contextWidth = width
    if let other = contextWidths.first(where: { $0 != width }) {
      throw NetworkError.unsupported(
        file: config.name, key: "cross_attention_dim", found: "\(width) and \(other)",
        detail: "the same for all levels is")
    }
    groups = try config.int("norm_num_groups", default: 32)
    epsilon = Float(try config.double("norm_eps", default: 1e-5))
    downsamplePadding = try config.int("downsample_padding", default: 1)
    flipsSineToCosine = try config.bool("flip_sin_to_cos", default: true)
    frequencyShift = try config.double("freq_shift", default: 0)
    timeWidth =
      config.isSet("time_embedding_dim")
      ? try config.int("time_embedding_dim") : (channels.first ?? 0) &* 4
    if config.isSet("addition_embed_type") {
      addition = TextTimeConfiguration(
        waveWidth: try config.int("addition_time_embed_dim"),
        inputWidth: try config.int("projection_class_embeddings_input_dim"))
    }
    guidanceWidth = config.isSet("time_cond_proj_dim") ? try config.int("time_cond_proj_dim", in: 4...1 << 20) : nil
    if channels.isEmpty || channels.count > 16 {
      throw NetworkError.inconsistent(file: config.name, detail: "\"block_out_channels\" needs 1 to 16 levels")
    }
    try config.requireSizes(
      [
        "block_out_channels": channels, "layers_per_block": layers, "attention_head_dim": heads,
        "addition_time_embed_dim": addition.map { [$0.waveWidth] } ?? [],
        "projection_class_embeddings_input_dim": addition.map { [$0.inputWidth] } ?? [],
        "in_channels": [inputChannels], "out_channels": [outputChannels], "sample_size": [sampleHeight, sampleWidth],
        "cross_attention_dim": [contextWidth], "norm_num_groups": [groups], "time_embedding_dim": [timeWidth],
      ], most: 1 << 20)
    try checkSizes(file: config.name)
  }

  private func checkSizes(file: String) throws {
    func refuse(_ detail: String) -> NetworkError { .inconsistent(file: file, detail: detail) }
    if downAttends.count != channels.count || upAttends.count != channels.count {
      throw refuse("the block types and \"block_out_channels\" differ in length")
    }
    if depths.contains(where: { $0 < 0 || $0 > 1 << 10 }) {
      throw refuse("\"transformer_layers_per_block\" is outside 0..\(1 << 10)")
    }
    if downsamplePadding < 0 || downsamplePadding > 1 { throw refuse("\"downsample_padding\" is neither 0 nor 1") }
    for (level, count) in channels.enumerated() {
      if count % groups != 0 { throw refuse("\(count) channels do not divide into \(groups) groups") }
      if count % heads[level] != 0 { throw refuse("\(count) channels do not divide into \(heads[level]) heads") }
    }
  }

  /// Widths of the attentions to the text, in the order in which adapters number them: down, up, innermost.
  package var crossAttentionWidths: [Int] {
    let levels = channels.indices
    var widths: [Int] = []
    for level in levels where downAttends[level] {
      widths += [Int](repeating: channels[level], count: layers[level] * depths[level])
    }
    for (index, level) in levels.reversed().enumerated() where upAttends[index] {
      widths += [Int](repeating: channels[level], count: (layers[level] + 1) * depths[level])
    }
    if midAttends, let last = levels.last { widths += [Int](repeating: channels[last], count: depths[last]) }
    return widths
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
  private static func checkFixedValues(_ config: ConfigFile, _ className: String) throws {
    try config.expect("_class_name", oneOf: [className])
    try config.expect("act_fn", oneOf: ["silu", "swish"])
    try config.expect("mid_block_type", oneOf: ["UNetMidBlock2DCrossAttn", "UNetMidBlock2D"])
    try config.expect("time_embedding_type", oneOf: ["positional"])
    try config.expect("resnet_time_scale_shift", oneOf: ["default"])
    try config.expect("attention_type", oneOf: ["default"])
    try config.expect("addition_embed_type", oneOf: ["text_time"])
    for key in [
      "class_embed_type", "encoder_hid_dim", "encoder_hid_dim_type", "num_class_embeds", "timestep_post_act",
      "time_embedding_act_fn", "cross_attention_norm",
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
