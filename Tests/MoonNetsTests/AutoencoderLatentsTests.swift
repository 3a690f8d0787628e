import Foundation
import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Latents of an autoencoder") struct AutoencoderLatentsTests {
  private func sizes(_ json: String) throws -> AutoencoderConfiguration {
    try AutoencoderConfiguration(ConfigFile(Array(json.utf8), name: "config.json"))
  }

  @Test("are drawn from the encoder's distribution as in the reference", arguments: [TinyModel.tinySD, .tinySD2])
  func distribution(model: TinyModel) throws {
    let reference = try model.reference("vae")
    let distribution = try AutoencoderDistribution(moments: reference["encode/moments"])
    expectExact(distribution.mean, try reference["encode/mean"])
    expectExact(distribution.logVariance, try reference["encode/logvar"])
    // One exponential.
    expectClose(try distribution.standardDeviation, try reference["encode/std"], rtol: 1e-6)
    var generator = Generator(seed: 3)
    let noise = try generator.normal(shape: distribution.mean.shape)
    expectClose(try distribution.sample(noise: noise), try reference["encode/sample_seed_3"], rtol: 1e-6)
  }

  @Test("have a variance within e^-30...e^20, and noise of their own shape")
  func limits() throws {
    let moments = try Tensor([1, 2, -100, 100], shape: [1, 4, 1, 1])
    let distribution = try AutoencoderDistribution(moments: moments)
    #expect(try distribution.logVariance.floats() == [-30, 20])
    let noise = try Tensor(repeating: 0, shape: [1, 4, 1, 1])
    #expect(throws: TensorError.self) { try distribution.sample(noise: noise) }
    #expect(throws: TensorError.self) { try AutoencoderDistribution(moments: noise.narrow(1, start: 0, length: 3)) }
  }

  @Test("are scaled by mean and deviation where both are given, and come back")
  func scaling() throws {
    let both = try sizes(
      #"{"latents_mean": [1, 2, 3, 4], "latents_std": [2, 4, 8, 16], "scaling_factor": 0.5, "shift_factor": 0}"#)
    let latents = try Tensor([3, 2, 1, 0], shape: [1, 4, 1, 1])
    #expect(try both.scaled(latents).floats() == [0.5, 0, -0.125, -0.125])
    #expect(try both.unscaled(latents).floats() == [13, 18, 19, 4])
    #expect(try both.unscaled(both.scaled(latents)).floats() == [3, 2, 1, 0])
    #expect(both.used(bySDXL: true) == both)
    #expect(try both.used(bySDXL: false).scaled(latents).floats() == [1.5, 1, 0.5, 0])
    for json in [#"{"latents_mean": [1, 2, 3, 4], "scaling_factor": 0.5}"#, #"{"scaling_factor": 0.5}"#] {
      let plain = try sizes(json)
      #expect(plain.latentsMean == nil && plain.latentsDeviation == nil)
      #expect(try plain.scaled(latents).floats() == [1.5, 1, 0.5, 0])
      #expect(try plain.unscaled(latents).floats() == [6, 4, 2, 0])
    }
    let three = try latents.narrow(1, start: 0, length: 3)
    #expect(
      message { try both.scaled(three) }
        == "autoencoder: the input has shape [1, 3, 1, 1], wanted [batch, 4, height, width]")
  }

  @Test("pass by the pointwise convolutions where the configuration has none")
  func withoutPointwise() throws {
    let folder = try TemporaryFolder()
    let model = TinyModel.tinySD
    let part = model.folder.appending(path: "vae/diffusion_pytorch_model.safetensors")
    let file = try SafetensorsFile(contentsOf: part)
    let left = try folder.file("vae.safetensors")
    let tensors = try file.keys.filter { !$0.contains("quant_conv") }.map { (key: $0, tensor: try file.tensor($0)) }
    #expect(tensors.count == file.keys.count - 4)
    try SafetensorsFile.write(tensors, to: left)
    var sizes = try AutoencoderConfiguration(model.configuration("vae"))
    sizes.usesQuantConvolution = false
    sizes.usesPostQuantConvolution = false
    let autoencoder = try Autoencoder(sizes, weights: WeightMap(contentsOf: left))
    let reference = try model.reference("vae")
    // Sums of up to 144 products through some twenty layers.
    expectClose(
      try autoencoder.encode(reference["encode/image"]), try reference["encode/encoder"], rtol: 1e-5, "encoded")
    expectClose(
      try autoencoder.decode(reference["decode/post_quant_conv"]), try reference["decode/image"], rtol: 1e-5, "decoded")
    let whole = try WeightMap(contentsOf: part)
    #expect(
      message { try Autoencoder(sizes, weights: whole) }?.contains("4 tensors that the model does not use") == true)
  }
}
