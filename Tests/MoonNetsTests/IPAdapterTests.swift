import Foundation
import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("IP-Adapters") struct IPAdapterTests {
  static let tolerance: Float = 1e-5
  static let names = ["sd_ip_adapters", "sdxl_ip_adapters"]

  /// The network that the adapters of a fixture were made for.
  private func unet(_ name: String) throws -> UNet {
    try name == "sd_ip_adapters" ? TinyModel.tinySD.unet() : GuideFixture("sdxl_unet").unet()
  }

  private func adapters(_ reference: GuideFixture, for unet: UNet) throws -> [IPAdapterLayers] {
    try (0..<2).map {
      try IPAdapterLayers(unet.configuration, weights: WeightMap(reference.fixture.file).scoped("adapter_\($0)/"))
    }
  }

  private func conditioning(_ reference: GuideFixture, scales: [Double]) throws -> UNetConditioning {
    var conditioning = try reference.conditioning("input")
    conditioning.images = try scales.enumerated().map {
      ImageConditioning(tokens: try reference["input/tokens_\($0.offset)"], scale: $0.element)
    }
    return conditioning
  }

  @Test(
    "guide a network as in the reference, two at once with scales of their own", arguments: names,
    [("both", [0.8, 0.35]), ("second", [0, 1]), ("none", [0, 0])])
  func output(name: String, scales: (String, [Double])) throws {
    let reference = try GuideFixture(name)
    let plain = try unet(name)
    let guided = try adapters(reference, for: plain).reduce(plain) { try $0.adding($1) }
    #expect(guided.adapterCount == 2 && plain.adapterCount == 0)
    let observation = Observation()
    let output = try guided(
      reference.picture("input/sample"), timestep: 541, conditioning: conditioning(reference, scales: scales.1),
      observe: observation.callAsFunction)
    let compared = try reference.compareStages(scales.0, observation, tolerance: Self.tolerance)
    #expect(compared.count == (scales.0 == "both" ? 3 : 0))
    expectClose(try output.channelsFirst(), try reference["\(scales.0)/output"], rtol: Self.tolerance)
  }

  @Test("at scale 0 leave the network's own bits", arguments: names)
  func silent(name: String) throws {
    let reference = try GuideFixture(name)
    let plain = try unet(name)
    let guided = try adapters(reference, for: plain).reduce(plain) { try $0.adding($1) }
    let latents = try reference.picture("input/sample")
    let alone = try plain(latents, timestep: 541, conditioning: conditioning(reference, scales: []))
    expectExact(try guided(latents, timestep: 541, conditioning: conditioning(reference, scales: [0, 0])), alone)
  }

  @Test("want one image prompt each, with a row for each row of the batch")
  func refusals() throws {
    let reference = try GuideFixture("sd_ip_adapters")
    let plain = try unet("sd_ip_adapters")
    let layers = try adapters(reference, for: plain)
    let guided = try plain.adding(layers[0])
    let latents = try reference.picture("input/sample")
    let two = try conditioning(reference, scales: [1, 1])
    #expect(
      message { try guided(latents, timestep: 1, conditioning: two) } == "UNet: 2 image prompts were given, wanted 1")
    var short = two
    short.images = [ImageConditioning(tokens: try Tensor(repeating: 0, shape: [1, 4, 32]), scale: 1)]
    #expect(
      message { try guided(latents, timestep: 1, conditioning: short) }
        == "UNet image prompt: the input has shape [1, 4, 32], wanted [2, tokens, 32]")
    let other = try GuideFixture("refiner_unet").unet()
    let text = message { try other.adding(layers[0]) }
    #expect(
      text?.hasPrefix("UNet adapter for text embeddings of width 32: the input has shape [16, 16, 24, 24, ") == true)
    #expect(text?.hasSuffix("wanted [8, 8, 8, 8, 8, 8, 8, 8] for width 10") == true)
  }

  @Test("for another network, with keys missing or left over are refused by name")
  func keys() throws {
    let reference = try GuideFixture("sd_ip_adapters")
    let weights = WeightMap(reference.fixture.file).scoped("adapter_0/")
    let sdxl = try UNetConfiguration(GuideFixture("sdxl_unet").configuration())
    let misfit = message { try IPAdapterLayers(sdxl, weights: weights) }
    #expect(
      misfit?.hasSuffix(
        "sd_ip_adapters.safetensors: \"adapter_0/ip_adapter.1.to_k_ip.weight\" has the shape [16, 32], wanted [4, 12]")
        == true)
    let sizes = try UNetConfiguration(TinyModel.tinySD.configuration("unet"))
    let folder = try TemporaryFolder()
    var tensors = try weights.keys.map {
      (key: $0, tensor: try reference["adapter_0/\($0)"])
    }
    let file = try folder.file("adapter.safetensors")
    let lora = (key: "ip_adapter.0.to_q_lora.down.weight", tensor: try Tensor(repeating: 0, shape: [1]))
    let image = (key: "image_proj.proj.weight", tensor: try Tensor(repeating: 0, shape: [1]))
    try SafetensorsFile.write(tensors + [lora, image], to: file)
    #expect(
      folder.message { try IPAdapterLayers(sizes, weights: WeightMap(contentsOf: file)) }
        == "adapter.safetensors has a tensor that the model does not use: \"ip_adapter.0.to_q_lora.down.weight\"")
    tensors.removeAll { $0.key == "ip_adapter.5.to_v_ip.weight" }
    try SafetensorsFile.write(tensors, to: file)
    #expect(
      folder.message { try IPAdapterLayers(sizes, weights: WeightMap(contentsOf: file)) }
        == "adapter.safetensors has no tensor \"ip_adapter.5.to_v_ip.weight\"")
  }
}
