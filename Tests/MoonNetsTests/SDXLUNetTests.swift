import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("UNet of SDXL") struct SDXLUNetTests {
  /// As for other UNets: 1e-5 of the largest value of a block is what float32 sums in another order leave.
  static let tolerance: Float = 1e-5

  @Test("follows the reference block by block", arguments: ["sdxl_unet", "refiner_unet", "lcm_unet"])
  func blocks(name: String) throws {
    let reference = try GuideFixture(name)
    let observation = Observation()
    let output = try reference.unet()(
      reference.picture("even/sample"), timestep: 541, conditioning: reference.conditioning("even"),
      observe: observation.callAsFunction)
    let compared = try reference.compareStages("even", observation, tolerance: Self.tolerance)
    #expect(compared == Set(observation.tensors.keys), "the fixture has every block that was shown")
    expectClose(try output.channelsFirst(), try reference["even/output"], rtol: Self.tolerance)
  }

  @Test("that imitates guidance runs without a guidance embedding, as the reference's does")
  func unguided() throws {
    let reference = try GuideFixture("lcm_unet")
    let output = try reference.unet()(
      reference.picture("even/sample"), timestep: 541, context: reference["even/context"])
    expectClose(try output.channelsFirst(), try reference["unguided/output"], rtol: Self.tolerance)
  }

  @Test("has the reference's embedding of guidance scales")
  func guidanceEmbedding() throws {
    let reference = try GuideFixture("lcm_unet")
    let scales = try reference["even/scales"].floats().map(Double.init)
    // A last place of a frequency turns an angle of up to 6500 by 4e-4.
    expectClose(try GuidanceEmbedding.rows(of: scales, width: 14), try reference["even/guidance"], atol: 4.5e-4)
  }

  @Test("gives every row its own sizes and pooled text")
  func rows() throws {
    let reference = try GuideFixture("sdxl_unet")
    let unet = try reference.unet()
    let both = try unet(
      reference.picture("even/sample"), timestep: 541, conditioning: reference.conditioning("even"))
    for row in 0..<2 {
      var conditioning = try reference.conditioning("even")
      conditioning.context = try conditioning.context.narrow(0, start: row, length: 1)
      conditioning.addedEmbeds = try conditioning.addedEmbeds?.narrow(0, start: row, length: 1)
      conditioning.timeIDs = try conditioning.timeIDs?.narrow(0, start: row, length: 1)
      let alone = try unet(
        reference.picture("even/sample").narrow(0, start: row, length: 1), timestep: 541, conditioning: conditioning)
      expectClose(alone, try both.narrow(0, start: row, length: 1), rtol: Self.tolerance, "row \(row)")
    }
  }

  @Test("says what is missing or misshapen")
  func refusals() throws {
    let reference = try GuideFixture("sdxl_unet")
    let unet = try reference.unet()
    let latents = try reference.picture("even/sample")
    let whole = try reference.conditioning("even")
    func refusal(_ change: (inout UNetConditioning) throws -> Void) throws -> String? {
      var conditioning = whole
      try change(&conditioning)
      return message { try unet(latents, timestep: 1, conditioning: conditioning) }
    }
    let noPooled = try refusal { $0.addedEmbeds = nil }
    #expect(noPooled == "UNet: the pooled text embeddings are missing")
    let noIDs = try refusal { $0.timeIDs = nil }
    #expect(noIDs == "UNet: the time ids are missing")
    let narrow = try refusal { $0.addedEmbeds = try Tensor(repeating: 0, shape: [2, 9]) }
    #expect(
      narrow == "UNet pooled text embeddings: the input has shape [2, 9], wanted [2, 10] beside 6 time ids")
    let fewRows = try refusal { $0.timeIDs = try Tensor(repeating: 0, shape: [1, 6]) }
    #expect(fewRows == "UNet time ids: the input has shape [1, 6], wanted [2, at most 7]")
    let image = try refusal { $0.images = [ImageConditioning(tokens: $0.context, scale: 1)] }
    #expect(image == "UNet: 1 image prompts were given, wanted 0")
    let guided = try GuideFixture("lcm_unet")
    let imitating = try guided.unet()
    let sample = try guided.picture("even/sample")
    var conditioning = try guided.conditioning("even")
    conditioning.guidance = try Tensor(repeating: 0, shape: [1, 14])
    #expect(
      message { try imitating(sample, timestep: 1, conditioning: conditioning) }
        == "UNet guidance embedding: the input has shape [1, 14], wanted [2, 14]")
  }
}
