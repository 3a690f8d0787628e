import Foundation
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Weight files of a component") struct WeightFilesTests {
  /// The files of a folder, what is asked for, and what is found.
  struct Choice: Sendable, CustomTestStringConvertible {
    let files: [String]
    var baseName = "diffusion_pytorch_model"
    var variant: String?
    let found: String
    var foundVariant: String?

    var testDescription: String { "\(found) for \(variant ?? "no variant")" }
  }

  static let base = "diffusion_pytorch_model"
  static let choices = [
    Choice(files: ["\(base).safetensors"], found: "\(base).safetensors"),
    Choice(files: ["\(base).safetensors", "\(base).fp16.safetensors"], found: "\(base).safetensors"),
    Choice(
      files: ["\(base).safetensors", "\(base).fp16.safetensors"], variant: "fp16", found: "\(base).fp16.safetensors",
      foundVariant: "fp16"),
    Choice(files: ["\(base).safetensors", "\(base).bin"], variant: "fp16", found: "\(base).safetensors"),
    Choice(
      files: ["\(base).safetensors", "\(base).safetensors.index.json"], found: "\(base).safetensors.index.json"),
    Choice(
      files: ["\(base).safetensors.index.fp16.json", "\(base).safetensors"], variant: "fp16",
      found: "\(base).safetensors.index.fp16.json", foundVariant: "fp16"),
    Choice(
      files: ["\(base).safetensors.fp16.index.json", "\(base).safetensors"], variant: "fp16",
      found: "\(base).safetensors.fp16.index.json", foundVariant: "fp16"),
    Choice(files: ["\(base).safetensors.index.json"], variant: "fp16", found: "\(base).safetensors.index.json"),
    Choice(
      files: ["model.safetensors", "model.safetensors.index.json"], baseName: "model", found: "model.safetensors"),
    Choice(files: ["model.safetensors.index.json"], baseName: "model", found: "model.safetensors.index.json"),
  ]

  @Test("are chosen as the reference chooses them", arguments: choices)
  func choice(choice: Choice) throws {
    let folder = try TemporaryFolder()
    for name in choice.files { try folder.write("", to: "unet/" + name) }
    let files = try WeightFiles.find(
      in: folder.url.appending(path: "unet"), baseName: choice.baseName, variant: choice.variant)
    #expect(files.url.lastPathComponent == choice.found)
    #expect(files.isIndex == choice.found.hasSuffix(".json"))
    #expect(files.variant == choice.foundVariant)
  }

  @Test(
    "that are not there are explained",
    arguments: [
      (["config.json"], nil, "diffusion_pytorch_model.safetensors is missing"),
      (
        ["diffusion_pytorch_model.fp16.safetensors"], nil,
        "diffusion_pytorch_model.safetensors is missing, but there is the variant \"fp16\""
      ),
      (
        ["diffusion_pytorch_model.fp16-00001-of-00002.safetensors"], "bf16",
        "diffusion_pytorch_model.safetensors is missing, but there is the variant \"fp16\""
      ),
      (
        ["diffusion_pytorch_model.bin", "config.json"], "fp16",
        "only diffusion_pytorch_model.bin is there, so convert the model in Python with "
          + "DiffusionPipeline.from_pretrained(\"model\").save_pretrained(\"converted\", safe_serialization=True)"
      ),
      (["model.safetensors"], "../x", "\"../x\" is not the name of a variant"),
      (["model.safetensors"], "", "\"\" is not the name of a variant"),
    ] as [([String], String?, String)])
  func missing(names: [String], variant: String?, reason: String) throws {
    let folder = try TemporaryFolder()
    for name in names { try folder.write("", to: "unet/" + name) }
    #expect(
      folder.message {
        try WeightMap.open(
          component: folder.url.appending(path: "unet"), baseName: "diffusion_pytorch_model", variant: variant)
      } == "unet has no weights in the safetensors format: " + reason)
  }

  @Test("need a folder")
  func noFolder() throws {
    let folder = try TemporaryFolder()
    #expect(
      folder.message { try WeightFiles.find(in: folder.url.appending(path: "unet"), baseName: "model") }
        == "unet has no weights in the safetensors format: the folder does not exist")
  }
}
