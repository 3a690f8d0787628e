import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Control networks") struct ControlNetTests {
  static let tolerance: Float = 1e-5
  static let names = ["sd_controlnet", "sdxl_controlnet", "plain_controlnet"]
  /// The networks, and the UNets that they guide.
  static let guided = [
    ("sd_controlnet", "lcm_unet"), ("sdxl_controlnet", "sdxl_unet"), ("plain_controlnet", "lcm_unet"),
  ]

  private func residuals(
    _ reference: GuideFixture, scale: Double, guesses: Bool = false
  ) throws -> ControlResiduals {
    try reference.controlNet()(
      reference.picture("input/sample"), timestep: 541, conditioning: reference.conditioning("input"),
      control: reference.picture("input/image"), scale: scale, guesses: guesses)
  }

  private func compare(_ found: ControlResiduals, _ reference: GuideFixture, _ prefix: String) throws {
    let count = reference.fixture.keys.filter { $0.hasPrefix("\(prefix)/down_") }.count
    #expect(found.down.count == count && count > 0)
    for (index, residual) in found.down.enumerated() {
      let wanted = try reference["\(prefix)/down_\(index)"]
      expectClose(try residual.channelsFirst(), wanted, rtol: Self.tolerance, "down \(index)")
    }
    expectClose(try found.mid.channelsFirst(), try reference["\(prefix)/mid"], rtol: Self.tolerance, "mid")
  }

  @Test("give the reference's residuals", arguments: names)
  func plain(name: String) throws {
    let reference = try GuideFixture(name)
    try compare(residuals(reference, scale: 0.75), reference, "plain")
  }

  @Test("give the reference's residuals in guess mode", arguments: names)
  func guess(name: String) throws {
    let reference = try GuideFixture(name)
    try compare(residuals(reference, scale: 0.5, guesses: true), reference, "guess")
  }

  @Test("embed the control image as the reference does, in either order of the channels", arguments: names)
  func embedding(name: String) throws {
    let reference = try GuideFixture(name)
    let embedded = try reference.controlNet().embedded(reference.picture("input/image"))
    expectClose(
      try embedded.channelsFirst(), try reference["inner/controlnet_cond_embedding"], rtol: Self.tolerance)
    let turned = try reference.controlNet { $0.reversesImageChannels.toggle() }
    let image = try reference.picture("input/image")
    let channels = try (0..<3).reversed().map { try image.narrow(3, start: $0, length: 1) }
    expectExact(try turned.embedded(.concatenated(channels, along: 3)), embedded)
  }

  @Test("take an image that was embedded once, for all rows of the latents")
  func embeddedOnce() throws {
    let reference = try GuideFixture("sd_controlnet")
    let net = try reference.controlNet()
    let latents = try reference.picture("input/sample")
    let conditioning = try reference.conditioning("input")
    let image = try reference.picture("input/image").narrow(0, start: 0, length: 1)
    let once = try net(latents, timestep: 541, conditioning: conditioning, embedded: net.embedded(image))
    let twice = try net(
      latents, timestep: 541, conditioning: conditioning, control: .concatenated([image, image], along: 0))
    for (found, wanted) in zip(once.down + [once.mid], twice.down + [twice.mid]) { expectExact(found, wanted) }
  }

  @Test("guide a UNet as in the reference, alone and two together", arguments: guided)
  func guidedUNet(name: String, unetName: String) throws {
    let reference = try GuideFixture(name)
    let unet = try GuideFixture(unetName).unet()
    var conditioning = try reference.conditioning("input")
    let plain = try residuals(reference, scale: 0.75)
    let guess = try residuals(reference, scale: 0.5, guesses: true)
    for (key, nets) in [("unet/output", [plain]), ("unet/twice", [plain, guess])] {
      conditioning.residuals = try ControlResiduals.sum(nets)
      let output = try unet(reference.picture("input/sample"), timestep: 541, conditioning: conditioning)
      expectClose(try output.channelsFirst(), try reference[key], rtol: Self.tolerance, key)
    }
    #expect(try ControlResiduals.sum([]) == nil)
  }

  @Test("leave the rows alone that are told to be without control")
  func zeroRows() throws {
    let reference = try GuideFixture("sd_controlnet")
    let unet = try GuideFixture("lcm_unet").unet()
    let latents = try reference.picture("input/sample")
    var conditioning = try reference.conditioning("input")
    let free = try unet(latents, timestep: 541, conditioning: conditioning)
    conditioning.residuals = try residuals(reference, scale: 1)
    let controlled = try unet(latents, timestep: 541, conditioning: conditioning)
    conditioning.context = try .concatenated([conditioning.context, conditioning.context], along: 0)
    conditioning.residuals = try conditioning.residuals?.followingZeros(rows: 2)
    let both = try unet(.concatenated([latents, latents], along: 0), timestep: 541, conditioning: conditioning)
    expectClose(try both.narrow(0, start: 0, length: 2), free, rtol: Self.tolerance, "without control")
    expectClose(try both.narrow(0, start: 2, length: 2), controlled, rtol: Self.tolerance, "with control")
  }

  @Test("name keys that no layer reads and keys that are missing")
  func keys() throws {
    let reference = try GuideFixture("plain_controlnet")
    let sizes = try ControlNetConfiguration(reference.configuration())
    let folder = try TemporaryFolder()
    let file = try folder.file("control.safetensors")
    var tensors = try reference.weightTensors()
    let extra = (key: "controlnet_down_blocks.4.weight", tensor: try Tensor(repeating: 0, shape: [1]))
    try SafetensorsFile.write(tensors + [extra], to: file)
    #expect(
      folder.message { try ControlNet(sizes, weights: WeightMap(contentsOf: file)) }
        == "control.safetensors has a tensor that the model does not use: \"controlnet_down_blocks.4.weight\"")
    tensors.removeAll { $0.key == "controlnet_mid_block.bias" }
    try SafetensorsFile.write(tensors, to: file)
    #expect(
      folder.message { try ControlNet(sizes, weights: WeightMap(contentsOf: file)) }
        == "control.safetensors has no tensor \"controlnet_mid_block.bias\"")
  }

  @Test("refuse what does not fit")
  func refusals() throws {
    let reference = try GuideFixture("sd_controlnet")
    let net = try reference.controlNet()
    let latents = try reference.picture("input/sample")
    var conditioning = try reference.conditioning("input")
    let small = try Tensor(repeating: 0, shape: [2, 8, 6, 3])
    #expect(
      message { try net(latents, timestep: 1, conditioning: conditioning, control: small) }
        == "ControlNet embedded control image: the input has shape [2, 2, 2, 4], wanted [2, 8, 6, 4]")
    let grey = try Tensor(repeating: 0, shape: [2, 32, 24, 1])
    #expect(
      message { try net.embedded(grey) }
        == "ControlNet control image: the input has shape [2, 32, 24, 1], wanted [batch, height, width, 3]")
    var given = try residuals(reference, scale: 1)
    given.down.removeLast()
    conditioning.residuals = given
    let unet = try GuideFixture("lcm_unet").unet()
    #expect(
      message { try unet(latents, timestep: 1, conditioning: conditioning) }
        == "UNet: 3 control residuals were given, wanted 4")
    given.down.append(given.down[0])
    conditioning.residuals = given
    #expect(
      message { try unet(latents, timestep: 1, conditioning: conditioning) }
        == "UNet control residual: the input has shape [2, 8, 6, 4], wanted [2, 4, 3, 8]")
    let sdxl = try GuideFixture("sdxl_controlnet")
    let demanding = try sdxl.controlNet()
    let context = UNetConditioning(context: try sdxl["input/context"])
    let image = try sdxl.picture("input/image")
    #expect(
      message { try demanding(latents, timestep: 1, conditioning: context, control: image) }
        == "ControlNet: the pooled text embeddings are missing")
  }
}
