import MoonNets
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Kept keys and values") struct KeptContextTests {
  private struct Case {
    let unet: UNet
    let latents: Tensor
    let context: Tensor
    let other: Tensor

    init() throws {
      let reference = try TinyModel.tinySD.reference("unet")
      unet = try TinyModel.tinySD.unet()
      latents = try reference["even/sample"].channelsLast()
      context = try reference["encoder_hidden_states"]
      other = try context * 0.5
    }

    func output(_ context: Tensor, _ kept: KeptContext?) throws -> [Float] {
      try unet(latents, timestep: 500, conditioning: UNetConditioning(context: context, keptContext: kept)).floats()
    }
  }

  @Test("change no bit, in the first call and in the next", arguments: [0, 4096, 1 << 30])
  func sameBits(limit: Int) throws {
    let test = try Case()
    let wanted = try test.output(test.context, nil)
    let kept = KeptContext(context: test.context, limit: limit)
    for _ in 0..<3 { #expect(try test.output(test.context, kept) == wanted) }
  }

  @Test("are found again by what the text holds, and never for another text")
  func texts() throws {
    let test = try Case()
    var contexts = KeptContexts()
    let first = contexts.kept(for: test.context)
    let copy = try Tensor(test.context.floats(), shape: test.context.shape)
    #expect(contexts.kept(for: copy) === first)
    let second = contexts.kept(for: test.other)
    #expect(second !== first && contexts.kept(for: test.context) === first)
    // The text used longest ago makes room for a third.
    _ = contexts.kept(for: try test.context * 0.25)
    #expect(contexts.kept(for: test.other) !== second)
    let wanted = try (test.output(test.context, nil), test.output(test.other, nil))
    #expect(wanted.0 != wanted.1)
    for _ in 0..<2 {
      #expect(try test.output(test.context, contexts.kept(for: test.context)) == wanted.0)
      #expect(try test.output(test.other, contexts.kept(for: test.other)) == wanted.1)
    }
  }
}
