import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Network configurations") struct ConfigurationTests {
  private func config(_ json: String) throws -> ConfigFile { try ConfigFile(Array(json.utf8), name: "config.json") }

  // MARK: UNet

  @Test("of a UNet have the reference's defaults, and null counts as absent")
  func unetDefaults() throws {
    let plain = try UNetConfiguration(config("{}"))
    #expect(plain.channels == [320, 640, 1280, 1280] && plain.layers == [2, 2, 2, 2] && plain.heads == [8, 8, 8, 8])
    #expect(plain.downAttends == [true, true, true, false] && plain.upAttends == [false, true, true, true])
    #expect(plain.depths == [1, 1, 1, 1] && plain.timeWidth == 1280 && plain.contextWidth == 1280)
    #expect(plain.inputChannels == 4 && plain.outputChannels == 4 && plain.groups == 32 && plain.epsilon == 1e-5)
    #expect(plain.sampleHeight == 64 && plain.sampleWidth == 64 && plain.downsamplePadding == 1)
    #expect(plain.flipsSineToCosine && plain.frequencyShift == 0)
    let nulls = try config(
      """
      {"num_attention_heads": null, "addition_embed_type": null, "act_fn": null, "dual_cross_attention": null,
       "mid_block_scale_factor": null, "conv_in_kernel": null, "time_embedding_dim": null, "layers_per_block": null,
       "transformer_layers_per_block": null, "num_class_embeds": null, "upcast_attention": null}
      """)
    #expect(try UNetConfiguration(nulls) == plain)
  }

  @Test("of a UNet give every level its own sizes")
  func unetLevels() throws {
    let sizes = try UNetConfiguration(
      config(
        """
        {"block_out_channels": [32, 64], "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
         "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"], "layers_per_block": [1, 3],
         "attention_head_dim": [4, 8], "transformer_layers_per_block": [1, 2], "sample_size": [96, 64],
         "time_embedding_dim": 48, "act_fn": "swish"}
        """))
    #expect(sizes.layers == [1, 3] && sizes.heads == [4, 8] && sizes.depths == [1, 2] && sizes.timeWidth == 48)
    #expect(sizes.downAttends == [false, true] && sizes.upAttends == [true, false])
    #expect(sizes.sampleHeight == 96 && sizes.sampleWidth == 64)
  }

  @Test(
    "of a UNet that are not computed here are refused by key and value",
    arguments: [
      (
        #"{"_class_name": "UNet3DConditionModel"}"#, #""_class_name" is "UNet3DConditionModel""#,
        #""UNet2DConditionModel" is"#
      ),
      (#"{"act_fn": "relu"}"#, #""act_fn" is "relu""#, #""silu" and "swish" are"#),
      (
        #"{"mid_block_type": "UNetMidBlock2DSimpleCrossAttn"}"#,
        #""mid_block_type" is "UNetMidBlock2DSimpleCrossAttn""#,
        #""UNetMidBlock2DCrossAttn" and "UNetMidBlock2D" are"#
      ),
      (#"{"time_embedding_type": "fourier"}"#, #""time_embedding_type" is "fourier""#, #""positional" is"#),
      (
        #"{"resnet_time_scale_shift": "scale_shift"}"#, #""resnet_time_scale_shift" is "scale_shift""#, #""default" is"#
      ),
      (
        #"{"down_block_types": ["AttnDownBlock2D"]}"#, #""down_block_types" is "AttnDownBlock2D""#,
        #""DownBlock2D" and "CrossAttnDownBlock2D" are"#
      ),
      (
        #"{"up_block_types": ["SkipUpBlock2D"]}"#, #""up_block_types" is "SkipUpBlock2D""#,
        #""UpBlock2D" and "CrossAttnUpBlock2D" are"#
      ),
      (#"{"addition_embed_type": "image"}"#, #""addition_embed_type" is "image""#, #""text_time" is"#),
      (
        #"{"reverse_transformer_layers_per_block": [[4, 4], 1]}"#, #""reverse_transformer_layers_per_block" is set"#,
        "only null is"
      ),
      (#"{"class_embed_type": "timestep"}"#, #""class_embed_type" is set"#, "only null is"),
      (#"{"num_attention_heads": 4}"#, #""num_attention_heads" is set"#, "only null is"),
      (#"{"center_input_sample": true}"#, #""center_input_sample" is true"#, "only false is"),
      (#"{"only_cross_attention": true}"#, #""only_cross_attention" is true"#, "only false is"),
      (
        #"{"cross_attention_dim": [768, 768, 512, 768]}"#, #""cross_attention_dim" is 768 and 512"#,
        "the same for all levels is"
      ),
      (#"{"conv_in_kernel": 5}"#, #""conv_in_kernel" is 5"#, "only 3 is"),
      (#"{"mid_block_scale_factor": 0.5}"#, #""mid_block_scale_factor" is 0.5"#, "only 1 is"),
    ])
  func unsupportedUNet(json: String, found: String, wanted: String) throws {
    let file = try config(json)
    #expect(message { try UNetConfiguration(file) } == "config.json: \(found), which is not supported: \(wanted)")
  }

  @Test("of a UNet may be lists that say the same for all levels")
  func lists() throws {
    let json = #"{"cross_attention_dim": [768, 768, 768, 768], "only_cross_attention": [false, false, false, false]}"#
    #expect(try UNetConfiguration(config(json)).contextWidth == 768)
    #expect(
      message { try UNetConfiguration(config(#"{"only_cross_attention": [false, true, false, false]}"#)) }?.hasPrefix(
        #"config.json: "only_cross_attention""#) == true)
  }

  @Test(
    "of a UNet whose sizes do not fit are refused",
    arguments: [
      (#"{"block_out_channels": []}"#, #"config.json: "block_out_channels" needs 1 to 16 levels"#),
      (#"{"block_out_channels": [32]}"#, #"config.json: the block types and "block_out_channels" differ in length"#),
      (#"{"layers_per_block": [2, 2]}"#, #"config.json: "layers_per_block" has 2 entries, wanted 4"#),
      (#"{"attention_head_dim": [5, 10, 20]}"#, #"config.json: "attention_head_dim" has 3 entries, wanted 4"#),
      (#"{"sample_size": [64]}"#, #"config.json: "sample_size" has 1 entries, wanted 2"#),
      (#"{"norm_num_groups": 7}"#, "config.json: 320 channels do not divide into 7 groups"),
      (#"{"attention_head_dim": 7}"#, "config.json: 320 channels do not divide into 7 heads"),
      (#"{"norm_num_groups": 0}"#, "config.json: \"norm_num_groups\": 0 is outside 1..1048576"),
      (#"{"attention_head_dim": 0}"#, "config.json: \"attention_head_dim\": 0 is outside 1..1048576"),
      (
        #"{"addition_embed_type": "text_time"}"#, #"config.json: "addition_time_embed_dim" is missing"#
      ),
      (
        #"{"transformer_layers_per_block": -1}"#, #"config.json: "transformer_layers_per_block" is outside 0..1024"#
      ),
      (
        #"{"time_cond_proj_dim": 1}"#,
        #"config.json: "time_cond_proj_dim" should be an integer in 4...1048576, found 1"#
      ),
      (#"{"layers_per_block": -1}"#, "config.json: \"layers_per_block\": -1 is outside 1..1048576"),
      (
        #"{"sample_size": 9223372036854775807}"#,
        "config.json: \"sample_size\": 9223372036854775807 is outside 1..1048576"
      ),
      (#"{"downsample_padding": 2}"#, #"config.json: "downsample_padding" is neither 0 nor 1"#),
      (#"{"in_channels": "4"}"#, #"config.json: "in_channels" should be an integer, found "4""#),
      (#"{"in_channels": null}"#, #"config.json: "in_channels" should be an integer, found null"#),
      (#"{"act_fn": 1}"#, #"config.json: "act_fn" should be text, found 1"#),
      (#"{"flip_sin_to_cos": 1}"#, #"config.json: "flip_sin_to_cos" should be true or false, found 1"#),
    ])
  func misfittingUNet(json: String, text: String) throws {
    let file = try config(json)
    #expect(message { try UNetConfiguration(file) } == text)
  }

  @Test("of the reference are read or checked in every parameter that changes a result")
  func everyParameter() throws {
    let unet = try config(
      """
          {"sample_size": null, "in_channels": 4, "out_channels": 4, "center_input_sample": false,
          "flip_sin_to_cos": true, "freq_shift": 0, "down_block_types": ["CrossAttnDownBlock2D",
          "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"], "mid_block_type":
          "UNetMidBlock2DCrossAttn", "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D",
          "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"], "only_cross_attention": false, "block_out_channels":
          [320, 640, 1280, 1280], "layers_per_block": 2, "downsample_padding": 1, "mid_block_scale_factor": 1,
          "dropout": 0.0, "act_fn": "silu", "norm_num_groups": 32, "norm_eps": 1e-05, "cross_attention_dim":
          1280, "transformer_layers_per_block": 1, "reverse_transformer_layers_per_block": null,
          "encoder_hid_dim": null, "encoder_hid_dim_type": null, "attention_head_dim": 8,
          "num_attention_heads": null, "dual_cross_attention": false, "use_linear_projection": false,
          "class_embed_type": null, "addition_embed_type": null, "addition_time_embed_dim": null,
          "num_class_embeds": null, "upcast_attention": false, "resnet_time_scale_shift": "default",
          "resnet_skip_time_act": false, "resnet_out_scale_factor": 1.0, "time_embedding_type": "positional",
          "time_embedding_dim": null, "time_embedding_act_fn": null, "timestep_post_act": null,
          "time_cond_proj_dim": null, "conv_in_kernel": 3, "conv_out_kernel": 3,
          "projection_class_embeddings_input_dim": null, "attention_type": "default",
          "class_embeddings_concat": false, "mid_block_only_cross_attention": null, "cross_attention_norm":
          null, "addition_embed_type_num_heads": 64}
      """)
    _ = try UNetConfiguration(unet)
    // Projections are told by their weights, arithmetic is float32, and the rest belongs to what is refused.
    let without: Set = [
      "dropout", "use_linear_projection", "upcast_attention", "addition_time_embed_dim",
      "projection_class_embeddings_input_dim", "addition_embed_type_num_heads",
    ]
    #expect(Set(unet.unusedKeys) == without)
    let autoencoder = try config(
      """
          {"in_channels": 3, "out_channels": 3, "down_block_types": ["DownEncoderBlock2D"], "up_block_types":
          ["UpDecoderBlock2D"], "block_out_channels": [64], "layers_per_block": 1, "act_fn": "silu",
          "latent_channels": 4, "norm_num_groups": 32, "sample_size": 32, "scaling_factor": 0.18215,
          "shift_factor": null, "latents_mean": null, "latents_std": null, "force_upcast": true,
          "use_quant_conv": true, "use_post_quant_conv": true, "mid_block_add_attention": true}
      """)
    _ = try AutoencoderConfiguration(autoencoder)
    #expect(Set(autoencoder.unusedKeys) == ["sample_size", "force_upcast"])
  }

  @Test("of a UNet for SDXL tell what is added to the time, and number the attentions to the text")
  func sdxl() throws {
    let sizes = try UNetConfiguration(
      config(
        """
        {"block_out_channels": [320, 640, 1280], "attention_head_dim": [5, 10, 20], "use_linear_projection": true,
         "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
         "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
         "transformer_layers_per_block": [1, 2, 10], "cross_attention_dim": 2048,
         "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
         "projection_class_embeddings_input_dim": 2816, "time_cond_proj_dim": 512, "num_attention_heads": null}
        """))
    #expect(sizes.addition == TextTimeConfiguration(waveWidth: 256, inputWidth: 2816) && sizes.guidanceWidth == 512)
    #expect(sizes.heads == [5, 10, 20] && sizes.depths == [1, 2, 10] && sizes.midAttends)
    // The published adapters of SDXL hold 70 layers.
    let widths = sizes.crossAttentionWidths
    #expect(widths.count == 70 && widths.filter { $0 == 640 }.count == 10)
    #expect(
      widths.prefix(5) == [640, 640, 640, 640, 1280] && widths.suffix(11) == [640] + [Int](repeating: 1280, count: 10))
  }

  // MARK: Control network

  @Test("of a control network have the reference's defaults")
  func controlDefaults() throws {
    let plain = try ControlNetConfiguration(config("{}"))
    #expect(plain.imageChannels == 3 && plain.embeddingChannels == [16, 32, 96, 256] && plain.factor == 8)
    #expect(!plain.reversesImageChannels && !plain.poolsGlobally && plain.network.channels == [320, 640, 1280, 1280])
    let other = try ControlNetConfiguration(
      config(#"{"controlnet_conditioning_channel_order": "bgr", "global_pool_conditions": true}"#))
    #expect(other.reversesImageChannels && other.poolsGlobally)
  }

  @Test(
    "of a control network that are not computed here are refused",
    arguments: [
      (
        #"{"_class_name": "ControlNetUnionModel"}"#,
        #""_class_name" is "ControlNetUnionModel", which is not supported: "ControlNetModel" is"#
      ),
      (
        #"{"controlnet_conditioning_channel_order": "gbr"}"#,
        #""controlnet_conditioning_channel_order" is "gbr", which is not supported: "rgb" and "bgr" are"#
      ),
      (#"{"conditioning_channels": 1}"#, #""conditioning_channels" is 1, which is not supported: only 3 is"#),
      (
        #"{"conditioning_embedding_out_channels": []}"#,
        #""conditioning_embedding_out_channels" needs 1 to 16 levels"#
      ),
      (
        #"{"conditioning_embedding_out_channels": [16, 0]}"#,
        "\"conditioning_embedding_out_channels\": 0 is outside 1..1048576"
      ),
    ])
  func badControl(json: String, text: String) throws {
    let file = try config(json)
    #expect(message { try ControlNetConfiguration(file) } == "config.json: \(text)")
  }

  // MARK: Autoencoder

  @Test("of an autoencoder have the reference's defaults, and null counts as absent")
  func autoencoderDefaults() throws {
    let plain = try AutoencoderConfiguration(config("{}"))
    #expect(plain.channels == [64] && plain.factor == 1 && plain.layers == 1 && plain.groups == 32)
    #expect(plain.imageChannels == 3 && plain.outputChannels == 3 && plain.latentChannels == 4)
    #expect(plain.scalingFactor == 0.18215 && plain.midBlockAttends)
    #expect(plain.usesQuantConvolution && plain.usesPostQuantConvolution)
    let nulls = try config(#"{"latents_mean": null, "latents_std": null, "shift_factor": null, "act_fn": null}"#)
    #expect(try AutoencoderConfiguration(nulls) == plain)
    let four = try AutoencoderConfiguration(config(#"{"block_out_channels": [128, 256, 512, 512]}"#))
    #expect(four.factor == 8)
  }

  @Test(
    "of an autoencoder that do not fit or are not computed here are refused",
    arguments: [
      (#"{"_class_name": "VQModel"}"#, #""_class_name" is "VQModel", which is not supported: "AutoencoderKL" is"#),
      (#"{"act_fn": "gelu"}"#, #""act_fn" is "gelu", which is not supported: "silu" and "swish" are"#),
      (#"{"shift_factor": 0.1}"#, #""shift_factor" is 0.1, which is not supported: only 0 is"#),
      (#"{"latents_mean": [1, 2, 3]}"#, #""latents_mean" has 3 entries, wanted 4"#),
      (#"{"latents_std": [1, 2, 3, 0]}"#, #""latents_std" is not above 0"#),
      (
        #"{"down_block_types": ["AttnDownEncoderBlock2D"]}"#,
        #""down_block_types" is "AttnDownEncoderBlock2D", which is not supported: "DownEncoderBlock2D" is"#
      ),
      (
        #"{"up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"]}"#,
        #""up_block_types" and "block_out_channels" differ in length"#
      ),
      (#"{"block_out_channels": []}"#, #""block_out_channels" needs 1 to 16 levels"#),
      (#"{"block_out_channels": [48]}"#, "48 channels do not divide into 32 groups"),
      (#"{"norm_num_groups": 0}"#, "\"norm_num_groups\": 0 is outside 1..1048576"),
      (#"{"scaling_factor": 0}"#, #""scaling_factor" is not above 0"#),
      (#"{"latent_channels": 4.5}"#, #""latent_channels" should be an integer, found 4.5"#),
    ])
  func badAutoencoder(json: String, text: String) throws {
    let file = try config(json)
    #expect(message { try AutoencoderConfiguration(file) } == "config.json: \(text)")
  }

  // MARK: Text encoder

  @Test("of a text encoder have the reference's defaults")
  func textDefaults() throws {
    let plain = try CLIPTextConfiguration(config("{}"))
    #expect(plain.width == 512 && plain.feedForwardWidth == 2048 && plain.layers == 12 && plain.heads == 8)
    #expect(plain.positions == 77 && plain.vocabularySize == 49408 && plain.activation == .quickGELU)
    #expect(plain.epsilon == 1e-5)
    #expect(try CLIPTextConfiguration(config(#"{"hidden_act": "gelu"}"#)).activation == .gelu)
    #expect(try CLIPTextConfiguration(config(#"{"hidden_act": "gelu_new"}"#)).activation == .geluTanh)
  }

  @Test(
    "of a text encoder that do not fit or are not computed here are refused",
    arguments: [
      (
        #"{"hidden_act": "relu"}"#,
        #""hidden_act" is "relu", which is not supported: "quick_gelu", "gelu" and "gelu_new" are"#
      ),
      (#"{"use_attention_mask": true}"#, #""use_attention_mask" is true, which is not supported: only false is"#),
      (#"{"hidden_size": 500}"#, "a width of 500 does not divide into 8 heads"),
      (#"{"num_attention_heads": 0}"#, "\"num_attention_heads\": 0 is outside 1..16777216"),
      (#"{"vocab_size": 99999999}"#, "\"vocab_size\": 99999999 is outside 1..16777216"),
      (#"{"hidden_size": null}"#, #""hidden_size" should be an integer, found null"#),
    ])
  func badTextEncoder(json: String, text: String) throws {
    let file = try config(json)
    #expect(message { try CLIPTextConfiguration(file) } == "config.json: \(text)")
  }
}
