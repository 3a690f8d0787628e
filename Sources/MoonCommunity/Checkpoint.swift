package import Foundation
internal import MoonTensor
package import MoonWeights

/// A whole model in one safetensors file, in the layout in which it was trained (CompVis `ldm`, Stability `sgm`).
///
/// ```swift
/// let checkpoint = try Checkpoint(contentsOf: url)
/// let unet = try UNet(UNetConfiguration(checkpoint.configuration(.unet)), weights: checkpoint.weights(.unet))
/// ```
/// The weights stay where they are: a part's map hands out the tensors of the mapped file under the names of diffusers.
/// Averaged copies (`model_ema.`) are left out, as in the reference. Proved by `Fixtures/community`, whose names come
/// from the reference's own conversion.
package struct Checkpoint: Sendable {
  /// A network of a model, named as its folder in the layout of diffusers.
  package enum Part: String, Sendable, CaseIterable {
    case unet
    case vae
    case textEncoder = "text_encoder"
    case textEncoder2 = "text_encoder_2"
  }

  /// What the file holds.
  package let kind: CheckpointKind
  /// Names that belong to none of the networks and are not known as left over from training.
  package let ignoredKeys: [String]
  private let file: SafetensorsFile
  private var names: [Part: [(key: String, original: String, cut: RenamedSource.Cut)]] = [:]

  /// Maps the file at `url` and sorts its names.
  ///
  /// - Throws: `CommunityError`, for a pickle or a file of another kind too.
  package init(contentsOf url: URL) throws(CommunityError) {
    try self.init(CommunityFile.open(url))
  }

  /// Sorts the names of `file`.
  package init(_ file: SafetensorsFile) throws(CommunityError) {
    guard let kind = CheckpointKind(file) else {
      let found = SafetensorsKind(file).description
      throw .wrongKind(file: file.name, found: found, wanted: "a checkpoint of Stable Diffusion")
    }
    self.kind = kind
    self.file = file
    let scopes = Self.scopes(of: kind)
    var scoped: [String: [String]] = [:]
    var ignored: [String] = []
    for key in file.keys {
      if let (prefix, _) = scopes.first(where: { key.hasPrefix($0.prefix) }) {
        scoped[prefix, default: []].append(String(key.dropFirst(prefix.count)))
      } else if !Self.leftovers.contains(where: { key.hasPrefix($0) }) {
        ignored.append(key)
      }
    }
    ignoredKeys = ignored
    for (prefix, part) in scopes {
      guard let found = scoped[prefix] else { continue }
      names[part] = try Self.names(found, prefix: prefix, part: part, kind: kind, file: file)
    }
  }

  /// The file, for messages.
  package var name: String { file.name }

  /// The networks that the file holds.
  package var parts: [Part] { Part.allCases.filter { names[$0] != nil } }

  /// The weights of `part` by the names of diffusers; names that are not known stay as they are, for the network to
  /// refuse.
  ///
  /// - Throws: `CommunityError.unusable` when the file lacks the part.
  package func weights(_ part: Part) throws(CommunityError) -> WeightMap {
    guard let names = names[part] else {
      let hint = part == .vae ? "; give one with --vae" : ""
      throw .unusable(file: file.name, reason: "holds no \(part.rawValue)\(hint)")
    }
    return WeightMap(try RenamedSource(file, names: names))
  }

  /// The configuration of `part`, as the published folder of this kind of model has it, with the sizes of this file.
  package func configuration(_ part: Part) throws(CommunityError) -> ConfigFile {
    let name = "\(file.name) (\(part.rawValue))"
    let shapes = NetworkShapes(try weights(part), name: name)
    switch part {
    case .unet: return ConfigFile(try shapes.unet(kind), name: name)
    case .vae: return ConfigFile(try shapes.autoencoder(family: kind.family), name: name)
    case .textEncoder, .textEncoder2:
      let isOpenCLIP = part == .textEncoder2 || kind.family == .sd2
      return ConfigFile(try shapes.textEncoder(isOpenCLIP: isOpenCLIP, isSecond: part == .textEncoder2), name: name)
    }
  }

  /// `scheduler_config.json` of the published folder of this kind of model.
  package var schedulerConfiguration: ConfigFile {
    ConfigFile(PublishedScheduler.fields(kind), name: "\(file.name) (scheduler)")
  }

  // MARK: Names

  /// Beginnings of names that training leaves in a file and nothing needs.
  private static let leftovers = [
    "model_ema.", "alphas_cumprod", "betas", "sqrt_", "log_one_minus_alphas_cumprod", "posterior_", "logvar",
    "lvlb_weights", "global_step", "denoiser.", "v_pred", "ztsnr", "scale_factor",
    "conditioner.embedders.0.logit_scale",
    "cond_stage_model.logit_scale", "embedding_manager.",
  ]

  private static func scopes(of kind: CheckpointKind) -> [(prefix: String, part: Part)] {
    let common: [(String, Part)] = [(CheckpointKind.unetPrefix, .unet), ("first_stage_model.", .vae)]
    switch kind.family {
    case .sd1: return common + [("cond_stage_model.transformer.", .textEncoder)]
    case .sd2: return common + [("cond_stage_model.model.", .textEncoder)]
    case .sdxl:
      return common + [
        ("conditioner.embedders.0.transformer.", .textEncoder), ("conditioner.embedders.1.model.", .textEncoder2),
      ]
    case .sdxlRefiner: return common + [("conditioner.embedders.0.model.", .textEncoder2)]
    }
  }

  private static func names(
    _ found: [String], prefix: String, part: Part, kind: CheckpointKind, file: SafetensorsFile
  ) throws(CommunityError) -> [(key: String, original: String, cut: RenamedSource.Cut)] {
    switch part {
    case .unet:
      guard let keys = UNetKeys(original: Set(found)) else {
        throw .unusable(file: file.name, reason: "has a UNet whose blocks are not numbered as in Stable Diffusion")
      }
      let table = keys.table
      return found.map { (table.diffusers($0) ?? prefix + $0, prefix + $0, .whole) }
    case .vae: return try AutoencoderFile.names(found, prefix: prefix, file: file.name)
    case .textEncoder, .textEncoder2:
      if kind.family == .sd1 || (kind.family == .sdxl && part == .textEncoder) {
        return found.filter { $0 != "logit_scale" }.map { ($0, prefix + $0, .whole) }
      }
      let isOld = kind.family == .sd2
      let layers = OpenCLIPKeys.layerCount(of: found) - (isOld ? 1 : 0)
      return found.flatMap { name in
        let parts = OpenCLIPKeys.parts(of: name, layers: layers, hasProjection: !isOld)
        return (parts ?? [(prefix + name, .whole)]).map { ($0.key, prefix + name, $0.cut) }
      }
    }
  }
}
