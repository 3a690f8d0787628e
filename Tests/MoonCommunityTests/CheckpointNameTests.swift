import Foundation
import MoonCommunity
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Names in a checkpoint") struct CheckpointNameTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Checks that every tensor of `part` lies in `map` where the reference puts it, and nothing else.
  private func check(_ map: WeightMap, _ part: NameTable.Part, _ numbers: [String: Float]) throws {
    var seen = 0
    for row in part.rows {
      let number = try #require(numbers[row.original])
      for (index, name) in row.names.enumerated() {
        let shape = try #require(map.shape(of: name), "\(row.original) should be \(name)")
        let found = try map.take(name, shape: shape).floats()
        #expect(found.allSatisfy { $0 == number + (row.names.count == 3 ? Float(index) / 4 : 0) }, "\(name)")
        seen += 1
      }
    }
    #expect(map.keys.count == seen)
    try map.finish()
  }

  @Test("are those of the reference's conversion", arguments: ["sd1", "sd2", "sdxl"])
  func conversion(model: String) throws {
    let url = try folder.file("model.safetensors")
    let parts = try NameTable.parts(of: model)
    // The last layer of SD 2.x's text encoder is left out, so it needs one more.
    let isSecond = model == "sd2"
    let extra = isSecond ? "cond_stage_model.model.transformer.resblocks.3.ln_1.weight" : "model_ema.decay"
    let numbers = try OriginalFile.markers(parts, extra: [(extra, try Tensor([0], shape: [1]))], to: url)
    let checkpoint = try Checkpoint(contentsOf: url)
    #expect(checkpoint.ignoredKeys.isEmpty)
    #expect(Set(checkpoint.parts.map(\.rawValue)) == Set(parts.map(\.part)))
    for part in parts {
      try check(checkpoint.weights(try #require(Checkpoint.Part(rawValue: part.part))), part, numbers)
    }
  }

  @Test("of a ControlNet are those of the reference's conversion", arguments: [false, true])
  func controlNet(hasPrefix: Bool) throws {
    let url = try folder.file("control.safetensors")
    let part = try #require(try NameTable.parts(of: "controlnet").first)
    let numbers: [String: Float]
    if hasPrefix {
      numbers = try OriginalFile.markers([part], to: url)
    } else {
      let bare = NameTable.Part(
        model: part.model, part: part.part, prefix: "",
        rows: part.rows.map { .init(original: String($0.original.dropFirst(part.prefix.count)), names: $0.names) })
      let found = try OriginalFile.markers([bare], to: url)
      numbers = Dictionary(uniqueKeysWithValues: found.map { (part.prefix + $0.key, $0.value) })
    }
    let file = try ControlNetFile(contentsOf: url)
    try check(file.weights(), part, numbers)
  }

  @Test("that are not known stay for the network to refuse; those outside of networks are told")
  func strangers() throws {
    let url = try folder.file("model.safetensors")
    let extra = try ["model.diffusion_model.new.weight", "first_stage_model.loss.logvar", "notes", "alphas_cumprod"].map
    {
      ($0, try Tensor([1], shape: [1]))
    }
    _ = try OriginalFile.markers(try NameTable.parts(of: "sd1"), extra: extra, to: url)
    let checkpoint = try Checkpoint(contentsOf: url)
    #expect(checkpoint.ignoredKeys == ["notes"])
    let unet = try checkpoint.weights(.unet)
    #expect(unet.contains("model.diffusion_model.new.weight"))
    let vae = try checkpoint.weights(.vae)
    #expect(!vae.keys.contains { $0.contains("loss") })
  }

  @Test("are told as the file has them when a shape is wrong")
  func messages() throws {
    let url = try folder.file("model.safetensors")
    _ = try OriginalFile.markers(try NameTable.parts(of: "sd1"), to: url)
    let unet = try Checkpoint(contentsOf: url).weights(.unet)
    #expect(
      folder.message { try unet.take("conv_in.weight", shape: [1, 4, 3, 3]) }
        == "model.safetensors: \"model.diffusion_model.input_blocks.0.0.weight\" has the shape [1, 4, 1, 1], "
        + "wanted [1, 4, 3, 3]")
    #expect(
      folder.message {
        try unet.finish(ignoring: ["*.bias", "down*", "mid*", "up*", "time*", "conv_norm*", "conv_in*"])
      }
        == "model.safetensors has a tensor that the model does not use: \"model.diffusion_model.out.2.weight\"")
  }

  @Test("of a part that is missing are an error that says so")
  func missingPart() throws {
    let url = try folder.file("model.safetensors")
    let parts = try NameTable.parts(of: "sd1").filter { $0.part != "vae" }
    _ = try OriginalFile.markers(parts, to: url)
    let checkpoint = try Checkpoint(contentsOf: url)
    #expect(checkpoint.parts == [.unet, .textEncoder])
    #expect(
      folder.message { try checkpoint.weights(.vae) } == "model.safetensors holds no vae; give one with --vae")
    #expect(folder.message { try AutoencoderFile(contentsOf: url) } == "model.safetensors holds no autoencoder")
  }

  @Test("with blocks in another number are refused")
  func otherNumbers() throws {
    let url = try folder.file("model.safetensors")
    _ = try OriginalFile.markers(
      try NameTable.parts(of: "sd1"), leavingOut: { $0.contains("input_blocks.3.0.op.weight") }, to: url)
    #expect(
      folder.message { try Checkpoint(contentsOf: url) }
        == "model.safetensors has a UNet whose blocks are not numbered as in Stable Diffusion")
  }

  @Test(
    "may be damaged in any way, which ends in an error or in other names, never in a crash", arguments: ["sd1", "sdxl"])
  func damage(model: String) throws {
    let url = try folder.file("model.safetensors")
    _ = try OriginalFile.markers(try NameTable.parts(of: model), to: url)
    let whole = try FileBytes.read(url, limit: 1 << 20)
    let header = 8 + whole[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    var generator = SeededGenerator(seed: 21)
    var opened = 0
    for _ in 0..<150 {
      // Another letter in a name leaves the file whole, so that it gets beyond its header.
      var bytes = whole
      for _ in 0..<3 {
        let place = Int.random(in: 8..<header, using: &generator)
        let letters: [UInt8] = Array("0123456789._wb".utf8)
        if letters.contains(bytes[place]) { bytes[place] = letters.randomElement(using: &generator) ?? 0x30 }
      }
      if Bool.random(using: &generator) { bytes = damaged(bytes, using: &generator) }
      let damaged = try folder.write(bytes, to: "damaged.safetensors")
      guard let checkpoint = try? Checkpoint(contentsOf: damaged) else { continue }
      opened += 1
      for part in checkpoint.parts {
        _ = try? checkpoint.configuration(part)
        guard let map = try? checkpoint.weights(part) else { continue }
        for key in map.keys { _ = try? map.take(key, shape: map.shape(of: key) ?? []) }
      }
    }
    #expect(opened > 20)
  }
}
