import Foundation
import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

/// One of the tiny models of `Fixtures/models`, opened part by part.
enum TinyModel: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case tinySD = "tiny_sd"
  case tinySD2 = "tiny_sd2"
  /// The numbers of `tiny_sd2` in other files: variants, shards, keys without `text_model.`.
  case tinySD2Variant = "tiny_sd2_variant"

  var testDescription: String { rawValue }

  var folder: URL { Fixture.folder.appending(path: "models/\(rawValue)") }

  private var variant: String? { self == .tinySD2Variant ? "fp16" : nil }

  func configuration(_ part: String) throws -> ConfigFile {
    try ConfigFile(contentsOf: folder.appending(path: part).appending(path: "config.json"))
  }

  func weights(_ part: String) throws -> WeightMap {
    try .open(
      component: folder.appending(path: part),
      baseName: part == "text_encoder" ? "model" : "diffusion_pytorch_model", variant: variant)
  }

  func textEncoder() throws -> CLIPTextEncoder {
    try CLIPTextEncoder(CLIPTextConfiguration(configuration("text_encoder")), weights: weights("text_encoder"))
  }

  func unet() throws -> UNet { try UNet(UNetConfiguration(configuration("unet")), weights: weights("unet")) }

  func autoencoder() throws -> Autoencoder {
    try Autoencoder(AutoencoderConfiguration(configuration("vae")), weights: weights("vae"))
  }

  /// The reference's numbers for a part; those of the variant are those of `tiny_sd2`.
  func reference(_ part: String) throws -> Fixture {
    try Fixture("networks/\(self == .tinySD2Variant ? "tiny_sd2" : rawValue)_\(part)")
  }
}

/// What a network showed while it ran, by the reference's names.
final class Observation {
  private(set) var tensors: [String: Tensor] = [:]

  func callAsFunction(_ name: String, _ tensor: Tensor) { tensors[name] = tensor }

  /// Activations that were shown channels last, as the reference has them.
  func channelsFirst(_ name: String) throws -> Tensor { try #require(tensors[name]).channelsFirst() }
}

/// What the error thrown by `body` says, `nil` when it throws none.
func message<Result>(_ body: () throws -> Result) -> String? {
  do {
    _ = try body()
    return nil
  } catch {
    return "\(error)"
  }
}
