import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("UNet") struct UNetTests {
  /// Sums of up to 216 products through some thirty layers: 1e-5 of the largest value of a block is what remains.
  static let tolerance: Float = 1e-5

  @Test(
    "predicts what the reference predicts, at every size", arguments: TinyModel.allCases,
    ["even", "odd", "fractional", "one_pixel"])
  func output(model: TinyModel, size: String) throws {
    let reference = try model.reference("unet")
    let observation = Observation()
    let output = try model.unet()(
      reference["\(size)/sample"].channelsLast(), timestep: Double(reference["\(size)/timestep"].item()),
      context: reference["encoder_hidden_states"], observe: observation.callAsFunction)
    for block in reference.keys where block.hasPrefix("\(size)/up_blocks.") {
      let found = try observation.channelsFirst(String(block.dropFirst(size.count + 1)))
      expectClose(found, try reference[block], rtol: Self.tolerance, block)
    }
    expectClose(try output.channelsFirst(), try reference["\(size)/output"], rtol: Self.tolerance)
  }

  @Test("follows the reference block by block", arguments: TinyModel.allCases)
  func blocks(model: TinyModel) throws {
    let reference = try model.reference("unet")
    let observation = Observation()
    _ = try model.unet()(
      reference["even/sample"].channelsLast(), timestep: Double(reference["even/timestep"].item()),
      context: reference["encoder_hidden_states"], observe: observation.callAsFunction)
    var compared: Set<String> = []
    for key in reference.keys where key.hasPrefix("even/") {
      let name = String(key.dropFirst("even/".count))
      guard let found = observation.tensors[name] else { continue }
      compared.insert(name)
      // The reference was seen before the SiLU that is computed together with the layer before it.
      let isActivated = name == "time_embedding" || name == "conv_norm_out"
      let wanted = try isActivated ? reference[key].activated(.silu) : reference[key]
      expectClose(try found.rank == 4 ? found.channelsFirst() : found, wanted, rtol: Self.tolerance, name)
    }
    #expect(compared == Set(observation.tensors.keys), "the fixture has every block that was shown")
  }

  @Test("has the reference's first and innermost layers", arguments: TinyModel.allCases)
  func singleLayers(model: TinyModel) throws {
    let reference = try model.reference("unet")
    let sizes = try UNetConfiguration(model.configuration("unet"))
    let weights = try model.weights("unet")
    let time = try reference["even/time_embedding"].activated(.silu)
    let last = sizes.channels.count - 1
    for (block, before, level) in [("down_blocks.0", "conv_in", 0), ("mid_block", "down_blocks.\(last)", last)] {
      let channels = sizes.channels[level]
      let residual = try ResidualBlock(
        weights.scoped("\(block).resnets.0."), input: channels, output: channels, timeWidth: sizes.timeWidth,
        groups: sizes.groups, epsilon: sizes.epsilon)
      let transformer = try SpatialTransformer(
        weights.scoped("\(block).attentions.0."), channels: channels, contextWidth: sizes.contextWidth,
        heads: sizes.heads[level], depth: sizes.depths[level], groups: sizes.groups)
      let hidden = try residual(reference["even/\(before)"].channelsLast(), activatedTime: time)
      expectClose(
        try hidden.channelsFirst(), try reference["even/\(block).resnets.0"], rtol: 2e-6, "\(block).resnets.0")
      let attended = try transformer(
        reference["even/\(block).resnets.0"].channelsLast(), context: reference["encoder_hidden_states"])
      expectClose(
        try attended.channelsFirst(), try reference["even/\(block).attentions.0"], rtol: 2e-6,
        "\(block).attentions.0")
    }
  }

  @Test("treats the rows of a batch alone")
  func rows() throws {
    let reference = try TinyModel.tinySD.reference("unet")
    let unet = try TinyModel.tinySD.unet()
    let latents = try reference["even/sample"].channelsLast()
    let context = try reference["encoder_hidden_states"]
    let both = try unet(latents, timestep: 541, context: context)
    for row in 0..<2 {
      let alone = try unet(
        latents.narrow(0, start: row, length: 1), timestep: 541, context: context.narrow(0, start: row, length: 1))
      // The same sums, which a matrix product may split in another way for another number of rows.
      expectClose(alone, try both.narrow(0, start: row, length: 1), rtol: Self.tolerance, "row \(row)")
    }
  }

  @Test("ends at once when asked to stop")
  func stops() throws {
    let reference = try TinyModel.tinySD.reference("unet")
    let unet = try TinyModel.tinySD.unet()
    let stopped = TensorEnvironment(threads: 2, shouldStop: { true })
    #expect(throws: TensorError.interrupted) {
      try TensorEnvironment.$current.withValue(stopped) {
        _ = try unet(
          reference["even/sample"].channelsLast(), timestep: 1, context: reference["encoder_hidden_states"])
      }
    }
  }

  @Test(
    "refuses inputs that do not fit",
    arguments: [
      ([1, 4, 8, 8], [1, 77, 32], "UNet: the input has shape [1, 4, 8, 8], wanted [batch, height, width, 4]"),
      ([8, 8, 4], [1, 77, 32], "UNet: the input has shape [8, 8, 4], wanted [batch, height, width, 4]"),
      (
        [2, 8, 8, 4], [1, 77, 32],
        "UNet text embeddings: the input has shape [1, 77, 32], wanted [2, positions, 32]"
      ),
      (
        [1, 8, 8, 4], [1, 77, 24],
        "UNet text embeddings: the input has shape [1, 77, 24], wanted [1, positions, 32]"
      ),
    ])
  func refusals(latents: [Int], context: [Int], text: String) throws {
    let unet = try TinyModel.tinySD.unet()
    let latents = try Tensor(repeating: 0, shape: latents)
    let context = try Tensor(repeating: 0, shape: context)
    #expect(message { try unet(latents, timestep: 1, context: context) } == text)
  }
}
