package import Foundation
internal import MoonCommunity
internal import MoonNets
internal import MoonPipelines
internal import MoonSchedulers
internal import MoonTensor
internal import MoonText
internal import MoonWeights

/// What a model folder tells without its weights being loaded.
package struct ModelInspection: Sendable {
  /// Lines of a name and a text.
  package let lines: [(name: String, text: String)]

  /// Reads the configurations and the headers of the weights.
  ///
  /// - Parameters:
  ///   - url: A folder with `model_index.json`, the folder of a part, or a safetensors file of any kind.
  ///   - variant: Which weights to prefer where there are several.
  /// - Throws: One sentence that names the file and the key.
  package init(contentsOf url: URL, variant: String? = nil) throws {
    if (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true {
      self.lines = try Self.lines(ofFile: url)
      return
    }
    if let lines = try Self.lines(ofPart: url, variant: variant) {
      self.lines = lines
      return
    }
    let model = try ModelFolder(url, variant: variant)
    let unet = try UNetConfiguration(model.configuration("unet"))
    let autoencoder = try AutoencoderConfiguration(model.configuration("vae"))
    let encoders = try model.textConfigurations()
    let tokenizers = try model.tokenizers()
    let (fields, source) = try model.schedulerFields()
    let (height, width) = (unet.sampleHeight * autoencoder.factor, unet.sampleWidth * autoencoder.factor)
    let latents = [autoencoder.latentChannels, unet.sampleHeight, unet.sampleWidth].map(String.init)
    let isInpaintingModel = unet.inputChannels == 2 * autoencoder.latentChannels + 1
    lines =
      try [
        ("model", "\(model.className), a folder in the diffusers layout"),
        (
          "picture",
          "\(width)x\(height), latents \(latents.joined(separator: "x")), \(autoencoder.factor) pixels a latent"
        ),
        (
          "prompt",
          "\(tokenizers[0].tokenizer.modelMaxLength) tokens of width \(encoders.map { "\($0.configuration.width)" }.joined(separator: " + "))"
        ),
      ] + encoders.map { ($0.name, try Self.weights(of: model, $0.name, baseName: "model")) } + [
        ("unet", try Self.weights(of: model, "unet", baseName: "diffusion_pytorch_model")),
        ("vae", try Self.weights(of: model, "vae", baseName: "diffusion_pytorch_model")),
        ("scheduler", try Self.scheduler(fields, source)),
        (
          "plugin tensors",
          DenoisingRun.tensorNames(isXL: model.isXL, isInpaintingModel: isInpaintingModel).joined(separator: ", ")
        ),
      ]
  }

  /// What the folder of a part is, told by its `config.json`; `nil` where it is no such folder.
  private static func lines(ofPart url: URL, variant: String?) throws -> [(name: String, text: String)]? {
    let file = url.appending(path: "config.json")
    if FileManager.default.fileExists(atPath: url.appending(path: "model_index.json").path) { return nil }
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let configuration = try ConfigFile(contentsOf: file)
    let isOfTransformers = configuration.has("architectures")
    let name =
      isOfTransformers
      ? try configuration.stringList("architectures").first ?? "" : try configuration.string("_class_name")
    let kind: String
    switch name {
    case "ControlNetModel": kind = SafetensorsKind.controlNet.description
    case "AutoencoderKL": kind = SafetensorsKind.vae.description
    case "UNet2DConditionModel": kind = SafetensorsKind.part("unet").description
    case "CLIPTextModel": kind = SafetensorsKind.part("text_encoder").description
    case "CLIPTextModelWithProjection": kind = SafetensorsKind.part("text_encoder_2").description
    case "CLIPVisionModelWithProjection": kind = "an image encoder, which is given with --image-encoder"
    default: kind = SafetensorsKind.unknown.description
    }
    let baseName = isOfTransformers ? "model" : "diffusion_pytorch_model"
    return [
      ("folder", "\(name.shown), \(kind)"), ("weights", try weights(in: url, baseName: baseName, variant: variant)),
    ]
  }

  /// What one file is; the parts of a checkpoint with their sizes.
  private static func lines(ofFile url: URL) throws -> [(name: String, text: String)] {
    let file = try CommunityFile.open(url)
    let kind = SafetensorsKind(file)
    let start = [("file", kind.description), ("weights", summary(of: [file]))]
    guard case .checkpoint = kind else { return start }
    let model = try ModelSource(url)
    let unet = try UNetConfiguration(model.configuration("unet"))
    let (fields, source) = try model.schedulerFields()
    let encoders = try model.textConfigurations().map { "\($0.name) of width \($0.configuration.width)" }
    let names = DenoisingRun.tensorNames(isXL: model.isXL, isInpaintingModel: unet.inputChannels == 9)
    return start + [
      ("unet", "channels \(unet.channels.map(String.init).joined(separator: ", ")), \(unet.inputChannels) in"),
      ("prompt", encoders.joined(separator: ", ")), ("scheduler", try Self.scheduler(fields, source)),
      ("plugin tensors", names.joined(separator: ", ")),
    ]
  }

  /// The lines, names in one column.
  package var text: String {
    let width = lines.map(\.name.count).max() ?? 0
    return lines.map { line in
      line.name + String(repeating: " ", count: width + 2 - line.name.count) + line.text + "\n"
    }.joined()
  }

  /// The scheduler's class, and what the network predicts where the configuration says so.
  private static func scheduler(_ fields: [String: ConfigValue], _ source: String) throws -> String {
    let scheduler = try SchedulerConfiguration(fields, source: source)
    guard case .string(let type) = scheduler["prediction_type"] else { return scheduler.kind.className }
    return "\(scheduler.kind.className), \(type)"
  }

  /// How many numbers a part has, of which types, and in which file.
  private static func weights(of model: ModelFolder, _ part: String, baseName: String) throws -> String {
    try weights(in: model.url.appending(path: part), baseName: baseName, variant: model.variant)
  }

  /// The same of the part in this folder.
  private static func weights(in folder: URL, baseName: String, variant: String?) throws -> String {
    let found = try WeightFiles.find(in: folder, baseName: baseName, variant: variant)
    return "\(summary(of: try files(of: found))), \(found.url.lastPathComponent)"
  }

  /// How many numbers some files have, and of which types.
  private static func summary(of files: [SafetensorsFile]) -> String {
    var numbers = 0
    var dtypes: Set<String> = []
    for file in files {
      for key in file.keys {
        guard let entry = file.entry(key) else { continue }
        numbers += entry.shape.reduce(1, *)
        dtypes.insert("\(entry.dtype)")
      }
    }
    return "\(millions(numbers)) numbers, \(dtypes.sorted().joined(separator: " and "))"
  }

  /// The file itself, or those that an index names.
  private static func files(of found: WeightFiles) throws -> [SafetensorsFile] {
    if !found.isIndex { return [try SafetensorsFile(contentsOf: found.url)] }
    guard let map = try ConfigFile(contentsOf: found.url).section("weight_map") else { return [] }
    let names = Set(try map.keys.map { try map.string($0) })
    return try names.sorted().map {
      try SafetensorsFile(contentsOf: found.url.deletingLastPathComponent().appending(path: $0))
    }
  }

  private static func millions(_ count: Int) -> String {
    let tenths = (count + 50_000) / 100_000
    return count < 1_000_000 ? String(count) : "\(tenths / 10).\(tenths % 10) million"
  }
}
