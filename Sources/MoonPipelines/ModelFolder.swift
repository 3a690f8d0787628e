package import Foundation
package import MoonNets
package import MoonSchedulers
internal import MoonTensor
package import MoonText
package import MoonWeights

/// A model in the diffusers layout: a folder with `model_index.json` and one folder a part.
package struct ModelFolder: Sendable {
  /// The folder.
  package let url: URL
  /// The pipeline's class in the reference.
  package let className: String
  /// Which weights to prefer where there are several, for example `fp16`.
  package let variant: String?

  /// Reads `model_index.json` and checks that the pipeline is one of those supported.
  ///
  /// - Throws: `PipelineError.badModel`, or an error that names the file and key.
  package init(_ url: URL, variant: String? = nil) throws {
    self.url = url
    self.variant = variant
    let index = url.appending(path: "model_index.json")
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw PipelineError.badModel(path: url.shownPath, detail: "no such file or folder")
    }
    guard FileManager.default.fileExists(atPath: index.path) else {
      throw PipelineError.badModel(
        path: url.shownPath, detail: "no model_index.json in it, so it is no diffusers folder")
    }
    className = try ConfigFile(contentsOf: index).string("_class_name")
    guard className == "StableDiffusionPipeline" else {
      throw PipelineError.badModel(
        path: index.shownPath, detail: "the pipeline \(className) is not supported; StableDiffusionPipeline is")
    }
  }

  /// The configuration file of a part.
  package func configuration(_ part: String, _ name: String = "config.json") throws -> ConfigFile {
    try ConfigFile(contentsOf: url.appending(path: part).appending(path: name))
  }

  /// The tokenizer.
  package func tokenizer() throws -> CLIPTokenizer {
    try CLIPTokenizer(contentsOf: url.appending(path: "tokenizer"))
  }

  /// The text encoder with its weights.
  package func textEncoder() throws -> CLIPTextEncoder {
    try CLIPTextEncoder(
      CLIPTextConfiguration(configuration("text_encoder")),
      weights: .open(component: url.appending(path: "text_encoder"), baseName: "model", variant: variant))
  }

  /// The noise predictor with its weights.
  package func unet() throws -> UNet {
    try UNet(UNetConfiguration(configuration("unet")), weights: networkWeights("unet"))
  }

  /// The autoencoder with its weights.
  package func autoencoder() throws -> Autoencoder {
    try Autoencoder(AutoencoderConfiguration(configuration("vae")), weights: networkWeights("vae"))
  }

  /// The fields of `scheduler_config.json`, and the file as messages name it.
  package func schedulerFields() throws -> (fields: [String: ConfigValue], source: String) {
    let file = try configuration("scheduler", "scheduler_config.json")
    var fields: [String: ConfigValue] = [:]
    for key in file.keys { fields[key] = file.value(key).flatMap { ConfigValue($0) } }
    return (fields, file.name)
  }

  private func networkWeights(_ part: String) throws -> WeightMap {
    try .open(component: url.appending(path: part), baseName: "diffusion_pytorch_model", variant: variant)
  }
}

extension ConfigValue {
  /// The same value; `nil` for an object, which no scheduler has.
  fileprivate init?(_ value: MoonWeights.JSONValue) {
    switch value {
    case .null: self = .null
    case .bool(let flag): self = .bool(flag)
    case .integer(let number): self = .number(Double(number))
    case .number(let number): self = .number(number)
    case .string(let text): self = .string(text)
    case .array(let items): self = .list(items.compactMap { ConfigValue($0) })
    case .object: return nil
    }
  }
}
