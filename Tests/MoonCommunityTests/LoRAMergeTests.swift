import Foundation
import MoonCommunity
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("A merged LoRA") struct LoRAMergeTests {
  /// Adapters with strengths, and the case of `community/merged` that has the reference's sums.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let files: [(path: String, strength: Float)]
    var testDescription: String { name }

    func adapters() throws -> [(lora: LoRA, strength: Float)] {
      try files.map {
        (try LoRA(contentsOf: Fixture.folder.appending(path: "community/\($0.path).safetensors")), $0.strength)
      }
    }
  }

  static let cases = [
    Case(name: "diffusers", files: [("lora_diffusers", 0.7)]),
    Case(name: "older", files: [("lora_older", 1)]),
    Case(name: "kohya", files: [("lora_kohya", 0.8)]),
    Case(name: "metadata", files: [("lora_metadata", 1)]),
    Case(name: "several", files: [("lora_diffusers", 0.5), ("lora_metadata", -0.25), ("lora_older", 1.5)]),
    Case(name: "peft", files: [("lora_peft/adapter_model", 1)]),
    Case(name: "tucker", files: [("lora_tucker", 1)]), Case(name: "dora", files: [("lora_dora", 0.7)]),
    Case(name: "dora and others", files: [("lora_diffusers", 0.5), ("lora_dora", 0.7)]),
  ]

  private func weights(_ part: String) throws -> WeightMap {
    try .open(
      component: Fixture.folder.appending(path: "models/tiny_sd/\(part)"),
      baseName: part == "text_encoder" ? "model" : "diffusion_pytorch_model")
  }

  /// Compares every tensor: those that the reference changed with its sums, all others with what they were.
  private func check(
    _ merged: WeightMap, base: WeightMap, part: String, case name: String, reference: Fixture
  ) throws -> Int {
    var changed = 0
    for key in base.keys where base.dtype(of: key)?.tensorDType != nil {
      let shape = try #require(base.shape(of: key))
      let found = try merged.take(key, shape: shape)
      let place = "\(name)/\(part)/\(key)"
      if reference.contains(place) {
        changed += 1
        // float32 sums of a few products.
        expectClose(found, try reference[place], rtol: 1e-6, place)
        #expect(found.dtype == .float32)
      } else {
        expectExact(found, try base.take(key, shape: shape), place)
        #expect(found.dtype == (try base.take(key, shape: shape).dtype), "\(place)")
      }
    }
    return changed
  }

  @Test("has the sums of the reference, and every other tensor as it was", arguments: cases)
  func sums(case tested: Case) throws {
    let reference = try Fixture("community/merged")
    let adapters = try tested.adapters()
    var changed = 0
    for (part, component) in [("unet", LoRA.Component.unet), ("text_encoder", .textEncoder)] {
      let merged = try weights(part).merging(adapters, into: component)
      changed += try check(merged, base: weights(part), part: part, case: tested.name, reference: reference)
    }
    #expect(changed == reference.keys.filter { $0.hasPrefix(tested.name + "/") }.count)
  }

  @Test("has the sums of the reference where the file numbers SDXL's blocks in the original way")
  func originalNumbers() throws {
    let reference = try Fixture("community/merged")
    let lora = try LoRA(contentsOf: Fixture.folder.appending(path: "community/lora_xl.safetensors"))
    #expect(lora.components == [.unet, .textEncoder, .textEncoder2])
    let folder = try TemporaryFolder()
    var changed = 0
    for part in try NameTable.parts(of: "sdxl") {
      let url = try folder.file("\(part.part).safetensors")
      let names = part.rows.flatMap(\.names)
      try SafetensorsFile.write(
        names.map { name in
          let place = "xl_before/\(part.part)/\(name)"
          return (name, reference.contains(place) ? try reference[place] : try Tensor.zeros([1]))
        }, to: url)
      let base = try WeightMap(contentsOf: url)
      let component = try #require(LoRA.Component(rawValue: part.part))
      let merged = try base.merging([(lora, 0.9)], into: component)
      changed += try check(merged, base: base, part: part.part, case: "xl", reference: reference)
    }
    #expect(changed == reference.keys.filter { $0.hasPrefix("xl/") }.count)
  }

  @Test("goes on top of a model in one file")
  func onCheckpoint() throws {
    let folder = try TemporaryFolder()
    let url = try folder.file("model.safetensors")
    try OriginalFile.pack("sd1", folder: Fixture.folder.appending(path: "models/tiny_sd"), to: url)
    let reference = try Fixture("community/merged")
    let base = try Checkpoint(contentsOf: url).weights(.unet)
    let merged = try base.merging(try Self.cases[2].adapters(), into: .unet)
    let changed = try check(merged, base: weights("unet"), part: "unet", case: "kohya", reference: reference)
    #expect(changed > 10)
    try merged.finish()
  }

  @Test("takes the element type of the weights where told to, rounded once")
  func precision() throws {
    let key = "mid_block.attentions.0.transformer_blocks.0.attn2.to_v.weight"
    let base = try weights("unet")
    let shape = try #require(base.shape(of: key))
    let full = try base.merging(Self.cases[4].adapters(), into: .unet, precision: .full).take(key, shape: shape)
    let stored = try base.merging(Self.cases[4].adapters(), into: .unet, precision: .stored).take(key, shape: shape)
    #expect(full.dtype == .float32)
    #expect(stored.dtype == .float16)
    expectExact(stored, try full.converted(to: .float16))
  }

  @Test("is gone from the map that it was merged into, and changes nothing at strength 0")
  func removal() throws {
    let key = "mid_block.attentions.0.transformer_blocks.0.attn2.to_v.weight"
    let base = try weights("unet")
    let shape = try #require(base.shape(of: key))
    let merged = try base.merging(Self.cases[0].adapters(), into: .unet)
    let none = try base.merging([(try Self.cases[0].adapters()[0].lora, 0)], into: .unet)
    let before = try weights("unet").take(key, shape: shape)
    expectExact(try base.take(key, shape: shape), before)
    expectExact(try none.take(key, shape: shape), before)
    #expect(difference(try merged.take(key, shape: shape), before, atol: 1e-3, rtol: 0) != nil)
  }
}
