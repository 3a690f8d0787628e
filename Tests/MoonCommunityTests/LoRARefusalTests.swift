import Foundation
import MoonCommunity
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("A LoRA that does not fit") struct LoRARefusalTests {
  private let folder: TemporaryFolder
  private static let layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_v"

  init() throws { folder = try TemporaryFolder() }

  private func lora(_ tensors: [(String, [Int])], metadata: [String: String] = [:]) throws -> LoRA {
    let url = try folder.file("style.safetensors")
    try SafetensorsFile.write(
      tensors.map { ($0.0, try Tensor(repeating: 1, shape: $0.1)) }, metadata: metadata, to: url)
    return try LoRA(contentsOf: url)
  }

  private func merge(_ tensors: [(String, [Int])]) throws -> WeightMap {
    let base = try WeightMap.open(
      component: Fixture.folder.appending(path: "models/tiny_sd/unet"), baseName: "diffusion_pytorch_model")
    return try base.merging([(try lora(tensors), 1)], into: .unet)
  }

  @Test("names a layer that the model lacks")
  func unknownLayer() throws {
    let name = "lora_unet_input_blocks_8_1_transformer_blocks_9_attn1_to_q"
    #expect(
      folder.message { try merge([("\(name).lora_down.weight", [2, 4]), ("\(name).lora_up.weight", [4, 2])]) }
        == "style.safetensors: \"\(name).lora_down.weight\" names no layer of the model's unet: "
        + "the LoRA was made for another model")
  }

  @Test("holds numbers that are none", arguments: [Float.nan, .infinity])
  func notFinite(value: Float) throws {
    let url = try folder.file("style.safetensors")
    let up = try Tensor([1, value], shape: [2, 1])
    try SafetensorsFile.write(
      [
        ("\(Self.layer).lora_down.weight", try Tensor(repeating: 1, shape: [1, 2])),
        ("\(Self.layer).lora_up.weight", up),
      ], metadata: [:], to: url)
    #expect(
      folder.message { try LoRA(contentsOf: url) }
        == "style.safetensors: \"\(Self.layer).lora_up.weight\" is NaN or infinite (element 1)")
  }

  @Test("has another shape than the layer")
  func otherShape() throws {
    #expect(
      folder.message {
        try merge([("\(Self.layer).lora_down.weight", [2, 768]), ("\(Self.layer).lora_up.weight", [1280, 2])])
      }
        == "style.safetensors: \"\(Self.layer).lora_down.weight\" changes a layer of the shape [1280, 768], "
        + "but the model's is [24, 32]: the LoRA was made for another model")
  }

  @Test(
    "is not whole or not of a kind that is computed",
    arguments: [
      ([(".lora_down.weight", [2, 4])], ".lora_down.weight", "has no lora_up to go with it"),
      ([(".lora_up.weight", [2, 4]), (".alpha", [])], ".lora_up.weight", "has no lora_down to go with it"),
      (
        [(".lora_down.weight", [2, 4]), (".lora_up.weight", [4, 3])], ".lora_up.weight",
        "has the shape [4, 3], wanted [out, 2]"
      ),
      (
        [(".lora_down.weight", [2, 4, 3]), (".lora_up.weight", [4, 2])], ".lora_down.weight",
        "has the shape [2, 4, 3], wanted [rank, in] or [rank, in, kernel, kernel]"
      ),
      (
        [(".lora_down.weight", [2, 4]), (".lora_up.weight", [4, 2]), (".alpha", [2])], ".alpha", "is not one number"
      ),
      (
        [(".lora_down.weight", [2, 4]), (".lora_up.weight", [4, 2]), (".dora_scale", [1, 4])], ".dora_scale",
        "has the shape [1, 4], wanted [4]"
      ),
      ([(".hada_w1_a", [2, 4])], ".hada_w1_a", "belongs to LoHa, which is not supported; LoRA is"),
      ([(".lokr_w1", [2, 4])], ".lokr_w1", "belongs to LoKr, which is not supported; LoRA is"),
      (
        [(".lora_down.weight", [2, 4]), (".lora_up.weight", [4, 2]), (".extra", [1])], ".extra",
        "is not the name of a part of a LoRA"
      ),
    ] as [([(String, [Int])], String, String)])
  func pieces(tensors: [(String, [Int])], key: String, reason: String) throws {
    let named = tensors.map { (Self.layer + $0.0, $0.1) }
    #expect(folder.message { try lora(named) } == "style.safetensors: \"\(Self.layer)\(key)\" \(reason)")
  }

  @Test("is for a network that the model lacks")
  func missingNetwork() throws {
    let name = "lora_te2_text_model_encoder_layers_0_mlp_fc1"
    let adapter = try lora([("\(name).lora_down.weight", [2, 4]), ("\(name).lora_up.weight", [4, 2])])
    try adapter.requireComponents(in: [.unet, .textEncoder2])
    #expect(
      folder.message { try adapter.requireComponents(in: [.unet, .textEncoder]) }
        == "style.safetensors: \"\(name).lora_down.weight\" is for a text_encoder_2, which the model does not have")
  }

  @Test("has the same layer under two names")
  func twice() throws {
    let dotted = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_v"
    let pairs = [Self.layer, dotted].flatMap { name -> [(String, [Int])] in
      [("\(name).lora_down.weight", [2, 32]), ("\(name).lora_up.weight", [24, 2])]
    }
    #expect(folder.message { try merge(pairs) }?.contains("means the same layer as") == true)
  }

  @Test("is of PEFT and has no configuration beside it, or one that asks for more")
  func peft() throws {
    let name = "base_model.model.mid_block.attentions.0.proj_in"
    let tensors = [("\(name).lora_A.weight", [2, 4]), ("\(name).lora_B.weight", [4, 2])]
    #expect(
      folder.message { try lora(tensors) }
        == "style.safetensors has no adapter_config.json beside it, which tells its scale")
    try folder.write("{\"r\": 2, \"lora_alpha\": 4, \"use_dora\": true}", to: "adapter_config.json")
    #expect(
      folder.message { try lora(tensors) }
        == "style.safetensors: \"\(name).lora_A.weight\" has no lora_magnitude_vector, which use_dora asks for")
    try folder.write("{\"r\": 2, \"lora_alpha\": 4, \"use_qalora\": true}", to: "adapter_config.json")
    #expect(
      folder.message { try lora(tensors) }
        == "adapter_config.json: \"use_qalora\" should be false; only LoRA and DoRA are supported, found true")
    try folder.write("{\"peft_type\": \"LOHA\"}", to: "adapter_config.json")
    #expect(
      folder.message { try lora(tensors) } == "adapter_config.json: \"peft_type\" should be \"LORA\", found \"LOHA\"")
    try folder.write("{\"r\": 2, \"alpha_pattern\": {\"to_(q|k)\": 1}}", to: "adapter_config.json")
    #expect(
      folder.message { try lora(tensors) }
        == "adapter_config.json: \"alpha_pattern\" should be names of layers, found \"to_(q|k)\"")
  }

  @Test("is damaged in any way, and ends in an error or reads as another LoRA, never in a crash")
  func damage() throws {
    let whole = try FileBytes.read(Fixture.folder.appending(path: "community/lora_kohya.safetensors"), limit: 1 << 20)
    let base = try WeightMap.open(
      component: Fixture.folder.appending(path: "models/tiny_sd/unet"), baseName: "diffusion_pytorch_model")
    var generator = SeededGenerator(seed: 12)
    // Most of the damage goes where the names and shapes are.
    let header = 8 + Int(whole[0]) + Int(whole[1]) << 8
    for round in 0..<400 {
      let bytes =
        damaged(Array(whole.prefix(header)), using: &generator) + (round % 2 == 0 ? whole.dropFirst(header) : [])
      let url = try folder.write(bytes, to: "damaged.safetensors")
      guard let lora = try? LoRA(contentsOf: url), let merged = try? base.merging([(lora, 1)], into: .unet) else {
        continue
      }
      for key in merged.keys { _ = try? merged.take(key, shape: merged.shape(of: key) ?? []) }
    }
  }
}
