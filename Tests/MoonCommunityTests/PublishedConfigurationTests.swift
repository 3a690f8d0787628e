import Foundation
import MoonCommunity
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Configurations of checkpoints") struct PublishedConfigurationTests {
  private static let unet = "model.diffusion_model."
  private static let first = "conditioner.embedders.0.transformer.text_model."
  private static let second = "conditioner.embedders.1.model."

  /// The shapes that tell the sizes of SDXL, in the tensors of a model with as many levels and fewer layers.
  private static let shapes: [String: [Int]] = [
    unet + "input_blocks.0.0.weight": [1, 4, 3, 3],
    unet + "input_blocks.1.0.in_layers.2.weight": [320, 1],
    unet + "input_blocks.4.0.in_layers.2.weight": [640, 1],
    unet + "input_blocks.7.0.in_layers.2.weight": [1280, 1],
    unet + "middle_block.1.proj_in.weight": [1, 1],
    unet + "middle_block.1.transformer_blocks.0.attn2.to_k.weight": [1, 2048],
    unet + "label_emb.0.0.weight": [1, 2816],
    unet + "out.2.weight": [4, 1],
    first + "embeddings.token_embedding.weight": [3, 768],
    first + "embeddings.position_embedding.weight": [77, 1],
    first + "encoder.layers.0.mlp.fc1.weight": [3072, 1],
    second + "token_embedding.weight": [3, 1280],
    second + "positional_embedding": [77, 1],
    second + "transformer.resblocks.0.mlp.c_fc.weight": [5120, 1],
    second + "text_projection": [1280, 1024],
  ]

  private func checkpoint(_ folder: TemporaryFolder, channels: Int = 320) throws -> Checkpoint {
    let url = try folder.file("model.safetensors")
    var shapes = Self.shapes
    shapes[Self.unet + "input_blocks.1.0.in_layers.2.weight"] = [channels, 1]
    _ = try OriginalFile.markers(try NameTable.parts(of: "sdxl"), shapes: shapes, to: url)
    return try Checkpoint(contentsOf: url)
  }

  private func check(_ config: ConfigFile, _ wanted: String) throws {
    let published = try ConfigFile(Array(wanted.utf8), name: "wanted")
    #expect(config.keys == published.keys)
    for key in published.keys { #expect(config.value(key) == published.value(key), "\(key)") }
  }

  @Test("are those of the published folders, with the sizes of the file")
  func published() throws {
    let checkpoint = try checkpoint(TemporaryFolder())
    try check(
      checkpoint.configuration(.unet),
      """
      {"_class_name": "UNet2DConditionModel", "act_fn": "silu", "addition_embed_type": "text_time",
      "addition_time_embed_dim": 256, "attention_head_dim": [5, 10, 20], "block_out_channels": [320, 640, 1280],
      "center_input_sample": false, "cross_attention_dim": 2048,
      "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"], "downsample_padding": 1,
      "flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 4, "layers_per_block": 2, "mid_block_scale_factor": 1,
      "norm_eps": 1e-05, "norm_num_groups": 32, "out_channels": 4, "projection_class_embeddings_input_dim": 2816,
      "sample_size": 128, "transformer_layers_per_block": [1, 1, 2],
      "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], "use_linear_projection": true}
      """)
    try check(
      checkpoint.configuration(.textEncoder),
      """
      {"architectures": ["CLIPTextModel"], "attention_dropout": 0.0, "bos_token_id": 0, "eos_token_id": 2,
      "hidden_act": "quick_gelu", "hidden_size": 768, "intermediate_size": 3072, "layer_norm_eps": 1e-05,
      "max_position_embeddings": 77, "model_type": "clip_text_model", "num_attention_heads": 12,
      "num_hidden_layers": 2, "pad_token_id": 1, "projection_dim": 768, "vocab_size": 3}
      """)
    try check(
      checkpoint.configuration(.textEncoder2),
      """
      {"architectures": ["CLIPTextModelWithProjection"], "attention_dropout": 0.0, "bos_token_id": 0,
      "eos_token_id": 2, "hidden_act": "gelu", "hidden_size": 1280, "intermediate_size": 5120,
      "layer_norm_eps": 1e-05, "max_position_embeddings": 77, "model_type": "clip_text_model",
      "num_attention_heads": 20, "num_hidden_layers": 3, "pad_token_id": 1, "projection_dim": 1024, "vocab_size": 3}
      """)
    try check(
      checkpoint.schedulerConfiguration,
      """
      {"_class_name": "EulerDiscreteScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear",
      "beta_start": 0.00085, "clip_sample": false, "interpolation_type": "linear", "num_train_timesteps": 1000,
      "prediction_type": "epsilon", "sample_max_value": 1.0, "set_alpha_to_one": false, "skip_prk_steps": true,
      "steps_offset": 1, "timestep_spacing": "leading", "trained_betas": null, "use_karras_sigmas": false}
      """)
  }

  @Test("are refused where the number of heads does not follow from the channels")
  func oddChannels() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try checkpoint(folder, channels: 100)
    #expect(
      folder.message { try checkpoint.configuration(.unet) }
        == "model.safetensors has 100 channels where a multiple of 64 is published")
  }
}
