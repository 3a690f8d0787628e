import Foundation
import MoonCommunity
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Kinds of files") struct KindTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file with tensors of these names and shapes.
  private func file(
    _ tensors: [(String, [Int])], metadata: [String: String] = [:], name: String = "file.safetensors"
  ) throws -> URL {
    let url = try folder.file(name)
    try SafetensorsFile.write(tensors.map { ($0.0, try Tensor.zeros($0.1)) }, metadata: metadata, to: url)
    return url
  }

  @Test(
    "are told by names",
    arguments: [
      ("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", [1, 1], "a LoRA, which is given with --lora"),
      ("lora_te_x.hada_w1_a", [1, 1], "a LoRA, which is given with --lora"),
      ("unet.mid_block.attentions.0.proj_in.lora_A.weight", [1, 1], "a LoRA, which is given with --lora"),
      ("image_proj.proj.weight", [1, 1], "an IP-Adapter, which is given with --ip-adapter"),
      ("control_model.time_embed.0.weight", [1, 1], "a ControlNet, which is given with --controlnet"),
      ("first_stage_model.encoder.conv_in.weight", [1, 1], "an autoencoder, which is given with --vae"),
      (
        "emb_params", [2, 768], "a textual inversion, which is given with --textual-inversion"
      ),
      (
        "down_blocks.0.resnets.0.norm1.weight", [1],
        "one part of a model, which belongs in a folder unet/ of the model's folder"
      ),
      ("model.diffusion_model.joint_blocks.0.x", [1], "a model of Stable Diffusion 3, which is not supported"),
      ("model.diffusion_model.double_blocks.0.x", [1], "a model of Flux, which is not supported"),
      ("latents", [1, 4, 8, 8], "latents of a run, which are given with --latents"),
      ("step.0.latents.next", [1, 4, 8, 8], "a recorded run, which is given with --trace"),
      ("x", [1, 1, 1], "of a kind that is not known here"),
    ])
  func byName(name: String, shape: [Int], wanted: String) throws {
    let kind = SafetensorsKind(try SafetensorsFile(contentsOf: file([(name, shape)])))
    #expect(kind.description == wanted)
    #expect(
      folder.message { try Checkpoint(contentsOf: folder.file("file.safetensors")) }
        == "file.safetensors is \(wanted), wanted a checkpoint of Stable Diffusion")
  }

  @Test(
    "of checkpoints are told by text encoder, channels and markers",
    arguments: [
      (["cond_stage_model.transformer.x"], 4, [:], "Stable Diffusion 1", "epsilon", "PNDMScheduler"),
      (["cond_stage_model.transformer.x"], 9, [:], "Stable Diffusion 1 for inpainting", "epsilon", "DDIMScheduler"),
      (["cond_stage_model.model.x"], 4, [:], "Stable Diffusion 2", "v_prediction", "DDIMScheduler"),
      (["cond_stage_model.model.x"], 9, [:], "Stable Diffusion 2 for inpainting", "epsilon", "DDIMScheduler"),
      (
        ["cond_stage_model.model.x"], 4, ["modelspec.prediction_type": "epsilon"], "Stable Diffusion 2", "epsilon",
        "PNDMScheduler"
      ),
      (
        ["conditioner.embedders.0.transformer.x", "conditioner.embedders.1.model.x"], 4, [:], "Stable Diffusion XL",
        "epsilon", "EulerDiscreteScheduler"
      ),
      (
        ["conditioner.embedders.0.transformer.x", "conditioner.embedders.1.model.x", "v_pred", "ztsnr"], 4, [:],
        "Stable Diffusion XL", "v_prediction", "EulerDiscreteScheduler"
      ),
      (
        ["conditioner.embedders.0.model.x"], 4, [:], "the Stable Diffusion XL refiner", "epsilon",
        "EulerDiscreteScheduler"
      ),
      ([], 4, [:], "Stable Diffusion 2", "v_prediction", "DDIMScheduler"),
    ] as [([String], Int, [String: String], String, String, String)])
  func checkpoints(
    names: [String], channels: Int, metadata: [String: String], wanted: String, prediction: String, scheduler: String
  ) throws {
    let unet = try NameTable.parts(of: "sd2").filter { $0.part == "unet" }
    let url = try folder.file("model.safetensors")
    let prefix = "model.diffusion_model."
    _ = try OriginalFile.markers(
      unet,
      shapes: [
        prefix + "input_blocks.0.0.weight": [1, channels, 1, 1],
        prefix + "middle_block.1.transformer_blocks.0.attn2.to_k.weight": [1, 1024],
      ], extra: names.map { ($0, try Tensor([0], shape: [1])) }, metadata: metadata, to: url)
    let checkpoint = try Checkpoint(contentsOf: url)
    #expect(checkpoint.kind.description == wanted)
    #expect(checkpoint.kind.prediction.rawValue == prediction)
    #expect(checkpoint.kind.endsInNoise == names.contains("ztsnr"))
    let fields = checkpoint.schedulerConfiguration
    #expect(fields.value("_class_name") == .string(scheduler))
    #expect(fields.value("prediction_type") == .string(prediction))
    #expect(fields.has("rescale_betas_zero_snr") == names.contains("ztsnr"))
    #expect(SafetensorsKind(try SafetensorsFile(contentsOf: url)) == .checkpoint(checkpoint.kind))
  }

  @Test(
    "that are pickles are refused, by their name or their first bytes",
    arguments: [
      ("model.ckpt", [UInt8]()), ("learned_embeds.bin", [1, 2, 3]), ("style.PT", [0x80, 2]),
      ("renamed.safetensors", [0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0, 0, 0]),
      ("old.safetensors", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A]),
    ])
  func pickles(name: String, bytes: [UInt8]) throws {
    let url = try folder.write(bytes, to: name)
    let wanted =
      "\(name) is a Python pickle, which can run programs when it is read and is therefore refused: convert it with "
      + "torch.load(\"in.ckpt\", weights_only=True) and safetensors.torch.save_file(tensors, \"out.safetensors\")"
    #expect(folder.message { try Checkpoint(contentsOf: url) } == wanted)
    #expect(folder.message { try LoRA(contentsOf: url) } == wanted)
    #expect(folder.message { try TextualInversion(contentsOf: url) } == wanted)
    #expect(folder.message { try AutoencoderFile(contentsOf: url) } == wanted)
    #expect(folder.message { try ControlNetFile(contentsOf: url) } == wanted)
  }

  @Test("that merely begin like a pickle are read")
  func noPickle() throws {
    // A header of 0x0280 bytes.
    let url = try folder.file("header.safetensors")
    try SafetensorsFile.write(
      [("<token>", try Tensor.zeros([2]))], metadata: ["note": String(repeating: "x", count: 549)], to: url)
    let start = try Array(FileBytes.read(url, limit: 1 << 20).prefix(2))
    #expect(start == [0x80, 2])
    let inversion = try TextualInversion(contentsOf: url)
    #expect(inversion.token == "<token>")
  }

  @Test("that are missing or cut short end in one sentence")
  func broken() throws {
    let url = try file([("lora_unet_x.lora_down.weight", [4, 4]), ("lora_unet_x.lora_up.weight", [4, 4])])
    let bytes = try FileBytes.read(url, limit: 1 << 20)
    let cut = try folder.write(Array(bytes.dropLast(10)), to: "cut.safetensors")
    #expect(
      folder.message { try LoRA(contentsOf: cut) }
        == "cut.safetensors is not a valid safetensors file: \"lora_unet_x.lora_up.weight\" ends at byte 128 of the data, "
        + "which has 118")
    #expect(
      folder.message { try LoRA(contentsOf: folder.file("none.safetensors")) }?.hasPrefix("none.safetensors") == true)
  }
}
