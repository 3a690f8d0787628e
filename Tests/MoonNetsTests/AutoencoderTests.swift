import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Autoencoder") struct AutoencoderTests {
  /// Sums of up to 144 products through some twenty layers.
  static let tolerance: Float = 1e-5

  /// Compares every stage that was shown with `part/NAME` of the reference.
  private func compare(_ observation: Observation, _ reference: Fixture, _ part: String) throws {
    #expect(observation.tensors.count >= 5)
    for name in observation.tensors.keys.sorted() {
      expectClose(
        try observation.channelsFirst(name), try reference["\(part)/\(name)"], rtol: Self.tolerance, name)
    }
  }

  @Test("decodes as the reference, block by block", arguments: TinyModel.allCases)
  func decoder(model: TinyModel) throws {
    let reference = try model.reference("vae")
    let observation = Observation()
    let image = try model.autoencoder().decode(reference["decode/latents"], observe: observation.callAsFunction)
    try compare(observation, reference, "decode")
    expectClose(image, try reference["decode/image"], rtol: Self.tolerance)
  }

  @Test("encodes as the reference, block by block", arguments: TinyModel.allCases)
  func encoder(model: TinyModel) throws {
    let reference = try model.reference("vae")
    let observation = Observation()
    let moments = try model.autoencoder().encode(reference["encode/image"], observe: observation.callAsFunction)
    try compare(observation, reference, "encode")
    expectClose(moments, try reference["encode/moments"], rtol: Self.tolerance)
  }

  @Test("has the reference's attention in the middle, under present and old names", arguments: TinyModel.allCases)
  func middleAttention(model: TinyModel) throws {
    let reference = try model.reference("vae")
    let sizes = try AutoencoderConfiguration(model.configuration("vae"))
    let weights = try model.weights("vae")
    #expect(weights.contains("decoder.mid_block.attentions.0.proj_attn.weight") == (model == .tinySD2))
    let channels = try #require(sizes.channels.last)
    let block = weights.scoped("decoder.mid_block.")
    let residual = try ResidualBlock(
      block.scoped("resnets.0."), input: channels, output: channels, timeWidth: nil, groups: sizes.groups,
      epsilon: 1e-6)
    let attention = try PixelAttention(block.scoped("attentions.0."), channels: channels, groups: sizes.groups)
    let output = try attention(residual(reference["decode/decoder.conv_in"].channelsLast()))
    expectClose(
      try output.channelsFirst(), try reference["decode/decoder.mid_block.attentions.0"], rtol: 2e-6)
  }

  @Test("refuses inputs that do not fit")
  func refusals() throws {
    let autoencoder = try TinyModel.tinySD.autoencoder()
    for shape in [[1, 3, 2, 2], [4, 2, 2]] {
      let latents = try Tensor(repeating: 0, shape: shape)
      #expect(
        message { try autoencoder.decode(latents) }
          == "autoencoder: the input has shape \(shape), wanted [batch, 4, height, width]")
    }
    for shape in [[1, 4, 8, 8], [1, 3, 8, 6], [1, 3, 7, 8], [3, 8, 8]] {
      let image = try Tensor(repeating: 0, shape: shape)
      #expect(
        message { try autoencoder.encode(image) }
          == "autoencoder: the input has shape \(shape), wanted [batch, 3, height, width] with multiples of 4")
    }
  }
}
