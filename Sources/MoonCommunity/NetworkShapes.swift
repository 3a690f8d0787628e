internal import MoonTensor
internal import MoonWeights

/// Configurations from the shapes of weights, as the published folders have them.
///
/// What shapes do not tell (heads, groups, factors) is the same in all models of a family.
struct NetworkShapes {
  private let weights: WeightMap
  private let names: Set<String>
  private let name: String

  /// The shapes of `weights`, which have the names of diffusers; messages call the file `name`.
  init(_ weights: WeightMap, name: String) {
    self.weights = weights
    self.name = name
    names = Set(weights.keys)
  }

  /// The size of one dimension of the tensor named `key`.
  private func size(_ key: String, _ dimension: Int) throws(CommunityError) -> Int {
    guard let shape = weights.shape(of: key) else { throw .weights(.missingKey(file: weights.name, key: key)) }
    if shape.indices.contains(dimension) { return shape[dimension] }
    throw .badKey(file: weights.name, key: key, reason: "has the shape \(TensorError.text(shape))")
  }

  /// How often a name with 0, 1, 2 ... in it occurs.
  private func count(_ name: (Int) -> String) -> Int { (0..<names.count).prefix { names.contains(name($0)) }.count }

  /// How many blocks of 64 channels there are.
  private func heads(of channels: Int) throws(CommunityError) -> Int {
    if channels > 0, channels % 64 == 0 { return channels / 64 }
    throw .unusable(file: weights.name, reason: "has \(channels) channels where a multiple of 64 is published")
  }

  /// What the configurations of a UNet and of a ControlNet share.
  private func blocks(hasFixedHeads: Bool) throws(CommunityError) -> [(String, JSONValue)] {
    guard let keys = UNetKeys(diffusers: names) else {
      throw .unusable(file: weights.name, reason: "has no blocks of Stable Diffusion")
    }
    let levels = keys.levels
    var channels: [Int] = []
    for level in 0..<levels { channels.append(try size("down_blocks.\(level).resnets.0.conv1.weight", 0)) }
    let down = (0..<levels).map { names.contains("down_blocks.\($0).attentions.0.norm.weight") }
    let middle = count { "mid_block.attentions.0.transformer_blocks.\($0).norm1.weight" }
    // The middle counts as part of the last level.
    let depths = (0..<levels).map { level in
      if !down[level] { return level == levels - 1 ? middle : 1 }
      return count { "down_blocks.\(level).attentions.0.transformer_blocks.\($0).norm1.weight" }
    }
    var heads = JSONValue.integer(8)
    if !hasFixedHeads {
      var counts: [Int] = []
      for count in channels { counts.append(try self.heads(of: count)) }
      heads = .integers(counts)
    }
    var members: [(String, JSONValue)] = [
      ("act_fn", .string("silu")),
      ("attention_head_dim", heads),
      ("block_out_channels", .integers(channels)),
      (
        "cross_attention_dim",
        .integer(try size("mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", 1))
      ),
      ("down_block_types", .strings(down.map { $0 ? "CrossAttnDownBlock2D" : "DownBlock2D" })),
      ("downsample_padding", .integer(1)),
      ("flip_sin_to_cos", .bool(true)),
      ("freq_shift", .integer(0)),
      ("in_channels", .integer(try size("conv_in.weight", 1))),
      ("layers_per_block", .integer(keys.layers)),
      ("mid_block_scale_factor", .integer(1)),
      ("norm_eps", .number(1e-05)),
      ("norm_num_groups", .integer(32)),
    ]
    if !depths.allSatisfy({ $0 == 1 }) { members.append(("transformer_layers_per_block", .integers(depths))) }
    if weights.shape(of: "mid_block.attentions.0.proj_in.weight")?.count == 2 {
      members.append(("use_linear_projection", .bool(true)))
    }
    // SDXL: the sizes of the picture and the pooled text are embedded beside the time.
    if names.contains("add_embedding.linear_1.weight") {
      members += [
        ("addition_embed_type", .string("text_time")),
        ("addition_time_embed_dim", .integer(256)),
        ("projection_class_embeddings_input_dim", .integer(try size("add_embedding.linear_1.weight", 1))),
      ]
    }
    return members
  }

  /// `unet/config.json`
  func unet(_ kind: CheckpointKind) throws(CommunityError) -> JSONObject {
    let members = try blocks(hasFixedHeads: kind.family == .sd1)
    let levels = UNetKeys(diffusers: names)?.levels ?? 0
    let up = (0..<levels).map { names.contains("up_blocks.\($0).attentions.0.norm.weight") }
    let sample: Int
    switch kind.family {
    case .sd1: sample = 64
    case .sd2: sample = kind.prediction == .velocity ? 96 : 64
    case .sdxl, .sdxlRefiner: sample = 128
    }
    return JSONObject(
      members + [
        ("_class_name", .string("UNet2DConditionModel")),
        ("center_input_sample", .bool(false)),
        ("out_channels", .integer(try size("conv_out.weight", 0))),
        ("sample_size", .integer(sample)),
        ("up_block_types", .strings(up.map { $0 ? "CrossAttnUpBlock2D" : "UpBlock2D" })),
      ])
  }

  /// `config.json` of a ControlNet.
  func controlNet() throws(CommunityError) -> JSONObject {
    let width = try size("mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", 1)
    let blocks = count { "controlnet_cond_embedding.blocks.\($0).weight" }
    var hints = [try size("controlnet_cond_embedding.conv_in.weight", 0)]
    // Each of them narrows the picture or widens its channels, in turns.
    for block in stride(from: 1, to: blocks, by: 2) {
      hints.append(try size("controlnet_cond_embedding.blocks.\(block).weight", 0))
    }
    return JSONObject(
      try self.blocks(hasFixedHeads: width == 768) + [
        ("_class_name", .string("ControlNetModel")),
        ("conditioning_channels", .integer(try size("controlnet_cond_embedding.conv_in.weight", 1))),
        ("conditioning_embedding_out_channels", .integers(hints)),
        ("controlnet_conditioning_channel_order", .string("rgb")),
      ])
  }

  /// `vae/config.json`; `family` tells the factor of the latents.
  func autoencoder(family: CheckpointKind.Family) throws(CommunityError) -> JSONObject {
    let levels = count { "encoder.down_blocks.\($0).resnets.0.norm1.weight" }
    var channels: [Int] = []
    for level in 0..<levels { channels.append(try size("encoder.down_blocks.\(level).resnets.0.conv1.weight", 0)) }
    let isXL = family == .sdxl || family == .sdxlRefiner
    var members: [(String, JSONValue)] = [
      ("_class_name", .string("AutoencoderKL")),
      ("act_fn", .string("silu")),
      ("block_out_channels", .integers(channels)),
      ("down_block_types", .strings([String](repeating: "DownEncoderBlock2D", count: levels))),
      ("in_channels", .integer(try size("encoder.conv_in.weight", 1))),
      ("latent_channels", .integer(try size("decoder.conv_in.weight", 1))),
      ("layers_per_block", .integer(count { "encoder.down_blocks.0.resnets.\($0).norm1.weight" })),
      ("norm_num_groups", .integer(32)),
      ("out_channels", .integer(try size("decoder.conv_out.weight", 0))),
      ("sample_size", .integer(isXL ? 1024 : family == .sd2 ? 768 : 512)),
      ("scaling_factor", .number(isXL ? 0.13025 : 0.18215)),
      ("up_block_types", .strings([String](repeating: "UpDecoderBlock2D", count: levels))),
    ]
    if isXL { members.append(("force_upcast", .bool(true))) }
    return JSONObject(members)
  }

  /// `text_encoder/config.json`, or `text_encoder_2/config.json` where `isSecond`.
  func textEncoder(isOpenCLIP: Bool, isSecond: Bool) throws(CommunityError) -> JSONObject {
    let prefix = names.contains { $0.hasPrefix("text_model.") } ? "text_model." : ""
    let width = try size(prefix + "embeddings.token_embedding.weight", 1)
    // The projection that SD 2.x's file gives is that of another CLIP; nothing reads it.
    let projection =
      isSecond ? try size("text_projection.weight", 0) : isOpenCLIP ? 512 : width
    return JSONObject([
      ("architectures", .strings([isSecond ? "CLIPTextModelWithProjection" : "CLIPTextModel"])),
      ("attention_dropout", .number(0)),
      ("bos_token_id", .integer(0)),
      ("eos_token_id", .integer(2)),
      ("hidden_act", .string(isOpenCLIP ? "gelu" : "quick_gelu")),
      ("hidden_size", .integer(width)),
      ("intermediate_size", .integer(try size(prefix + "encoder.layers.0.mlp.fc1.weight", 0))),
      ("layer_norm_eps", .number(1e-05)),
      ("max_position_embeddings", .integer(try size(prefix + "embeddings.position_embedding.weight", 0))),
      ("model_type", .string("clip_text_model")),
      ("num_attention_heads", .integer(try heads(of: width))),
      ("num_hidden_layers", .integer(count { prefix + "encoder.layers.\($0).layer_norm1.weight" })),
      ("pad_token_id", .integer(1)),
      ("projection_dim", .integer(projection)),
      ("vocab_size", .integer(try size(prefix + "embeddings.token_embedding.weight", 0))),
    ])
  }
}
