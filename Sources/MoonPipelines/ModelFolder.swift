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

  /// The classes of the text encoders that are there; the refiner of SDXL has the second alone.
  private let textEncoders: [(part: String, tokenizer: String, className: String)]
  /// Whether a negative prompt that was not given is embedded as zeros.
  package let zeroesMissingNegative: Bool
  /// Whether the UNet is told a score instead of a target size, as the refiner of SDXL is.
  package let isScored: Bool

  /// Whether the model is of the SDXL family.
  package var isXL: Bool { className.hasPrefix("StableDiffusionXL") }

  /// The parts with weights, and what their files are called.
  private var weightNames: [(key: String, value: String)] {
    textEncoders.map { ($0.part, "model") }
      + [("unet", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model")]
  }

  /// The pipelines of the reference whose parts are supported, without what their names say of the task.
  private static let families = ["StableDiffusion", "StableDiffusionXL"]
  private static let tasks = [
    "", "Img2Img", "Inpaint", "ControlNet", "ControlNetImg2Img", "ControlNetInpaint",
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
    let className = try file.string("_class_name")
    let known =
      Self.families.flatMap { family in Self.tasks.map { "\(family)\($0)Pipeline" } }
      + ["LatentConsistencyModelPipeline"]
    guard known.contains(className) else {
      throw PipelineError.badModel(
        path: index.shownPath,
        detail: "the pipeline \(className.shown) is not supported; StableDiffusionPipeline and "
          + "StableDiffusionXLPipeline are, with their forms for images, inpainting and ControlNet")
    }
    self.className = className
    let isXL = className.hasPrefix("StableDiffusionXL")
    zeroesMissingNegative = isXL ? try file.bool("force_zeros_for_empty_prompt", default: true) : false
    isScored = isXL ? try file.bool("requires_aesthetics_score", default: false) : false
    var textEncoders: [(part: String, tokenizer: String, className: String)] = []
    for suffix in isXL ? ["", "_2"] : [""] {
      let part = "text_encoder\(suffix)"
      if isXL, suffix.isEmpty, file.value(part) == .array([.null, .null]) { continue }
      let wanted = suffix.isEmpty ? "CLIPTextModel" : "CLIPTextModelWithProjection"
      let found = try Self.partClass(part, in: file) ?? wanted
      if found != wanted {
        throw PipelineError.badModel(
          path: index.shownPath, detail: "the text encoder \(found.shown) is not supported; \(wanted) is")
      }
      _ = try Self.partClass("tokenizer\(suffix)", in: file)
      textEncoders.append((part, "tokenizer\(suffix)", found))
    }
    self.textEncoders = textEncoders
    for part in ["unet", "vae"] { _ = try Self.partClass(part, in: file) }
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

  /// The tokenizers by the names of their folders, in the order of the text encoders.
  package func tokenizers() throws -> [(name: String, tokenizer: CLIPTokenizer)] {
    try textEncoders.map { ($0.tokenizer, try CLIPTokenizer(contentsOf: url.appending(path: $0.tokenizer))) }
  }

  /// The configurations of the text encoders by the names of their folders.
  package func textConfigurations() throws -> [(name: String, configuration: CLIPTextConfiguration)] {
    try textEncoders.map { entry in
      let projects = entry.className == "CLIPTextModelWithProjection"
      return (entry.part, try CLIPTextConfiguration(configuration(entry.part), projects: projects))
    }
  }

  /// The weights of a part.
  func weights(_ part: String) throws -> WeightMap {
    let name = weightNames.first { $0.key == part }?.value
    return try .open(component: url.appending(path: part), baseName: name ?? "model", variant: variant)
  }

  /// Checks that the variant asked for is there.
  ///
  /// - Parameter others: Networks beside the model, for one of which it may be meant.
  /// - Returns: A warning for each part that lacks it, whose weights without a variant are taken, as in the reference.
  /// - Throws: `PipelineError.badModel` when nothing has it.
  package func checkVariant(others: [URL]) throws -> [String] {
    guard let variant else { return [] }
    var warnings: [String] = []
    for (part, name) in weightNames {
      let folder = url.appending(path: part)
      if try WeightFiles.find(in: folder, baseName: name, variant: variant).variant == nil {
        warnings.append(
          "\(folder.shownPath) has no weights of the variant '\(variant)'; those without a variant are taken")
      }
    }
    let isElsewhere = others.contains { folder in
      (try? WeightFiles.find(in: folder, baseName: "diffusion_pytorch_model", variant: variant))?.variant != nil
    }
    if warnings.count == weightNames.count && !isElsewhere {
      throw PipelineError.badModel(path: url.shownPath, detail: "no part has weights of the variant '\(variant)'")
    }
    return warnings
  }

  /// The fields of `scheduler_config.json`, and the file as messages name it. The class is the one that
  /// `model_index.json` names, as in the reference.
  package func schedulerFields() throws -> (fields: [String: ConfigValue], source: String) {
    let file = try configuration("scheduler", "scheduler_config.json")
    var fields = Self.fields(of: file)
    if let schedulerClass { fields["_class_name"] = .string(schedulerClass) }
    return (fields, file.name)
  }

  /// The members of a scheduler's configuration.
  static func fields(of file: ConfigFile) -> [String: ConfigValue] {
    var fields: [String: ConfigValue] = [:]
    for key in file.keys { fields[key] = file.value(key).flatMap { ConfigValue($0) } }
    return fields
  }
}
