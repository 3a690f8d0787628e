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
  /// The scheduler's class, where `model_index.json` names it.
  private let schedulerClass: String?

  /// The parts with weights, and what their files are called.
  private static let weightNames: KeyValuePairs = [
    "text_encoder": "model", "unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model",
  ]

  /// Reads `model_index.json` and checks that the pipeline and its parts are of the kinds supported.
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
    let file = try ConfigFile(contentsOf: index)
    className = try file.string("_class_name")
    guard className == "StableDiffusionPipeline" else {
      throw PipelineError.badModel(
        path: index.shownPath, detail: "the pipeline \(className.shown) is not supported; StableDiffusionPipeline is")
    }
    let textEncoder = try Self.partClass("text_encoder", in: file)
    if let textEncoder, textEncoder != "CLIPTextModel" {
      throw PipelineError.badModel(
        path: index.shownPath, detail: "the text encoder \(textEncoder.shown) is not supported; CLIPTextModel is")
    }
    for part in ["tokenizer", "unet", "vae"] { _ = try Self.partClass(part, in: file) }
    schedulerClass = try Self.partClass("scheduler", in: file)
  }

  /// The class of a part, `nil` where the index does not name it.
  private static func partClass(_ part: String, in index: ConfigFile) throws -> String? {
    switch index.value(part) {
    case nil: return nil
    case .array(let items):
      if items.count == 2, case .string(let name) = items[1] { return name }
      if items == [.null, .null] {
        throw PipelineError.badModel(path: index.name, detail: "the pipeline has no \(part)")
      }
      fallthrough
    default:
      throw PipelineError.badModel(path: index.name, detail: "\"\(part)\" is not a library and a class")
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
    try CLIPTextEncoder(CLIPTextConfiguration(configuration("text_encoder")), weights: weights("text_encoder"))
  }

  /// The noise predictor with its weights.
  package func unet() throws -> UNet {
    try UNet(UNetConfiguration(configuration("unet")), weights: weights("unet"))
  }

  /// The autoencoder with its weights.
  package func autoencoder() throws -> Autoencoder {
    try Autoencoder(AutoencoderConfiguration(configuration("vae")), weights: weights("vae"))
  }

  private func weights(_ part: String) throws -> WeightMap {
    let name = Self.weightNames.first { $0.key == part }?.value
    return try .open(component: url.appending(path: part), baseName: name ?? "model", variant: variant)
  }

  /// Checks that the variant asked for is there.
  ///
  /// - Returns: A warning for each part that lacks it, whose weights without a variant are taken, as in the reference.
  /// - Throws: `PipelineError.badModel` when no part has it.
  package func checkVariant() throws -> [String] {
    guard let variant else { return [] }
    var warnings: [String] = []
    for (part, name) in Self.weightNames {
      let folder = url.appending(path: part)
      if try WeightFiles.find(in: folder, baseName: name, variant: variant).variant == nil {
        warnings.append(
          "\(folder.shownPath) has no weights of the variant '\(variant)'; those without a variant are taken")
      }
    }
    if warnings.count == Self.weightNames.count {
      throw PipelineError.badModel(path: url.shownPath, detail: "no part has weights of the variant '\(variant)'")
    }
    return warnings
  }

  /// The fields of `scheduler_config.json`, and the file as messages name it. The class is the one that
  /// `model_index.json` names, as in the reference.
  package func schedulerFields() throws -> (fields: [String: ConfigValue], source: String) {
    let file = try configuration("scheduler", "scheduler_config.json")
    var fields: [String: ConfigValue] = [:]
    for key in file.keys { fields[key] = file.value(key).flatMap { ConfigValue($0) } }
    if let schedulerClass { fields["_class_name"] = .string(schedulerClass) }
    return (fields, file.name)
  }
}
