import Foundation
import MoonCommunity
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Textual inversion") struct TextualInversionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ tensors: [(String, [Int])], name: String = "style.safetensors") throws -> URL {
    let url = try folder.file(name)
    try SafetensorsFile.write(
      tensors.enumerated().map { index, entry in
        let count = entry.1.reduce(1, *)
        return (entry.0, try Tensor((0..<count).map { Float($0 + 100 * index) }, shape: entry.1))
      }, to: url)
    return url
  }

  @Test("takes its token from the key of the reference's files")
  func diffusers() throws {
    let inversion = try TextualInversion(contentsOf: file([("<cat-toy>", [4])]))
    #expect(inversion.token == "<cat-toy>")
    #expect(inversion.tokens == ["<cat-toy>"])
    let vectors = try inversion.vectors(for: .textEncoder, width: 4)
    expectExact(try #require(vectors), try Tensor([0, 1, 2, 3], shape: [1, 4]))
    let none = try inversion.vectors(for: .textEncoder2, width: 6)
    #expect(none == nil)
    #expect(inversion.widths == [4])
  }

  @Test("takes its token from the file's name elsewhere, or as given, one for each vector")
  func webInterfaces() throws {
    let url = try file([("emb_params", [3, 4])], name: "easynegative.safetensors")
    let inversion = try TextualInversion(contentsOf: url)
    #expect(inversion.tokens == ["easynegative", "easynegative_1", "easynegative_2"])
    let vectors = try inversion.vectors(for: .textEncoder, width: 4)
    expectExact(try #require(vectors), try Tensor((0..<12).map { Float($0) }, shape: [3, 4]))
    let other = try TextualInversion(contentsOf: url, token: "bad")
    #expect(other.tokens == ["bad", "bad_1", "bad_2"])
  }

  @Test("has vectors for both encoders of SDXL")
  func twoEncoders() throws {
    let inversion = try TextualInversion(
      contentsOf: file([("clip_l", [2, 4]), ("clip_g", [2, 6])], name: "xl.safetensors"))
    #expect(inversion.tokens == ["xl", "xl_1"])
    let first = try inversion.vectors(for: .textEncoder, width: 4)
    let second = try inversion.vectors(for: .textEncoder2, width: 6)
    expectExact(try #require(first), try Tensor((0..<8).map { Float($0) }, shape: [2, 4]))
    expectExact(try #require(second), try Tensor((100..<112).map { Float($0) }, shape: [2, 6]))
    #expect(
      folder.message { try inversion.vectors(for: .textEncoder2, width: 5) }
        == "xl.safetensors: \"clip_g\" has vectors of width 6, but the model's text_encoder_2 has 5")
  }

  @Test("that is none is refused")
  func refusals() throws {
    #expect(
      folder.message { try TextualInversion(contentsOf: file([("clip_l", [2, 4]), ("clip_g", [3, 6])])) }
        == "style.safetensors has 3 vectors for one text encoder and 2 for the other")
    #expect(
      folder.message { try TextualInversion(contentsOf: file([("a", [2, 4]), ("b", [2, 4])])) }
        == "style.safetensors is of a kind that is not known here, wanted a textual inversion")
    #expect(
      folder.message { try TextualInversion(contentsOf: file([("a", [0, 4])])) }
        == "style.safetensors: \"a\" has the shape [0, 4], wanted [vectors, width]")
    #expect(
      folder.message { try TextualInversion(contentsOf: file([("a b", [1, 4])])) }
        == "style.safetensors cannot be called \"a b\": a token is a word without spaces")
    #expect(
      folder.message { try TextualInversion(contentsOf: file([("lora_unet_x.lora_down.weight", [1, 4])])) }
        == "style.safetensors is a LoRA, which is given with --lora, wanted a textual inversion")
  }
}
