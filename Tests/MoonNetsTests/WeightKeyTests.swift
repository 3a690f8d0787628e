import Foundation
import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

/// Files of weights with one thing wrong in them.
@Suite("Keys of weights") struct WeightKeyTests {
  /// A part of a tiny model, its file and how it is loaded.
  struct Part: Sendable, CustomTestStringConvertible {
    let model: TinyModel
    let name: String
    var testDescription: String { "\(model.rawValue)/\(name)" }

    var file: URL {
      model.folder.appending(path: name)
        .appending(path: name == "text_encoder" ? "model.safetensors" : "diffusion_pytorch_model.safetensors")
    }

    func load(_ url: URL) throws {
      let weights = try WeightMap(contentsOf: url)
      let config = try model.configuration(name)
      switch name {
      case "text_encoder": _ = try CLIPTextEncoder(CLIPTextConfiguration(config), weights: weights)
      case "unet": _ = try UNet(UNetConfiguration(config), weights: weights)
      default: _ = try Autoencoder(AutoencoderConfiguration(config), weights: weights)
      }
    }
  }

  static let parts = [TinyModel.tinySD, .tinySD2].flatMap { model in
    ["text_encoder", "unet", "vae"].map { Part(model: model, name: $0) }
  }
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The tensors of a file that networks read: those of float type.
  private func tensors(_ part: Part) throws -> [(key: String, tensor: Tensor)] {
    let file = try SafetensorsFile(contentsOf: part.file)
    return try file.keys.filter { file.entry($0)?.dtype.tensorDType != nil }.map { ($0, try file.tensor($0)) }
  }

  @Test("that are missing are named, each of them", arguments: parts)
  func missing(part: Part) throws {
    let original = try Data(contentsOf: part.file)
    let keys = try tensors(part).map(\.key)
    #expect(keys.count > 20)
    for key in keys {
      // Another name of the same length leaves the rest of the file as it is.
      let place = try #require(original.firstRange(of: Data("\"\(key)\"".utf8)))
      var damaged = original
      damaged[place.upperBound - 2] = UInt8(ascii: "~")
      let file = try folder.write(Array(damaged), to: "part.safetensors")
      #expect(folder.message { try part.load(file) } == "part.safetensors has no tensor \"\(key)\"")
    }
  }

  @Test("that no layer reads are named", arguments: parts)
  func unused(part: Part) throws {
    let file = try folder.file("part.safetensors")
    let extra = ("down_blocks.9.extra.weight", try Tensor(repeating: 0, shape: [1]))
    try SafetensorsFile.write(tensors(part) + [extra], to: file)
    #expect(
      folder.message { try part.load(file) }
        == "part.safetensors has a tensor that the model does not use: \"down_blocks.9.extra.weight\"")
  }

  @Test("whose tensors have another shape are named with both shapes", arguments: parts)
  func misshapen(part: Part) throws {
    var tensors = try tensors(part)
    let index = try #require(tensors.firstIndex { $0.tensor.rank >= 2 && $0.tensor.shape[0] != $0.tensor.shape[1] })
    let (key, tensor) = tensors[index]
    let turned = [tensor.shape[1], tensor.shape[0]] + tensor.shape.dropFirst(2)
    tensors[index].tensor = try Tensor(repeating: 0, shape: turned)
    let file = try folder.file("part.safetensors")
    try SafetensorsFile.write(tensors, to: file)
    #expect(
      folder.message { try part.load(file) }
        == "part.safetensors: \"\(key)\" has the shape \(turned), wanted \(tensor.shape)")
  }

  @Test("that old text encoders carry and nothing reads are accepted")
  func ignorable() throws {
    let part = Part(model: .tinySD, name: "text_encoder")
    let file = try SafetensorsFile(contentsOf: part.file)
    #expect(file.entry("text_model.embeddings.position_ids")?.dtype == .int64)
    try part.load(part.file)
    let projection = ("text_projection.weight", try Tensor(repeating: 0, shape: [32, 32]))
    let other = try folder.file("part.safetensors")
    try SafetensorsFile.write(tensors(part) + [projection], to: other)
    #expect(folder.message { try part.load(other) } == nil)
  }
}
