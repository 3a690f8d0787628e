internal import MoonWeights

/// Which model a checkpoint in the original layout is.
package struct CheckpointKind: Equatable, Sendable, CustomStringConvertible {
  /// The families of models.
  package enum Family: String, Sendable, CaseIterable {
    /// Stable Diffusion 1.x: one text encoder of CLIP.
    case sd1 = "Stable Diffusion 1"
    /// Stable Diffusion 2.x: one text encoder of OpenCLIP.
    case sd2 = "Stable Diffusion 2"
    /// Stable Diffusion XL: one of each.
    case sdxl = "Stable Diffusion XL"
    /// The refiner of Stable Diffusion XL: the large one alone.
    case sdxlRefiner = "the Stable Diffusion XL refiner"
  }

  /// What the network predicts.
  package enum Prediction: String, Sendable {
    case noise = "epsilon"
    case velocity = "v_prediction"
  }

  /// The family.
  package let family: Family
  /// Whether the UNet also takes a mask and the masked picture: nine channels.
  package let isInpainting: Bool
  /// What the UNet predicts.
  package let prediction: Prediction
  /// Whether the schedule is to be rescaled so that it ends in pure noise.
  package let endsInNoise: Bool

  /// The prefix of the UNet's names.
  static let unetPrefix = "model.diffusion_model."
  /// The prefixes of the text encoders' names, and the families that they tell.
  static let textEncoders: KeyValuePairs<String, Family> = [
    "conditioner.embedders.1.model.": .sdxl, "conditioner.embedders.0.transformer.": .sdxl,
    "conditioner.embedders.0.model.": .sdxlRefiner, "cond_stage_model.model.": .sd2,
    "cond_stage_model.transformer.": .sd1,
  ]

  /// Tells which model `file` is; `nil` when it is none of these.
  ///
  /// The family follows from the text encoders, and in a file without any from the width of what the UNet attends to.
  /// SD 2.x predicts the velocity unless it is an inpainting model or was trained for the 875,000 steps of SD 2.x base;
  /// the others predict the noise, unless the file says otherwise by an entry `v_pred` (and `ztsnr`), as the
  /// community marks such models, or in its metadata (`modelspec.prediction_type`).
  init?(_ file: SafetensorsFile) {
    guard let channels = file.entry(Self.unetPrefix + "input_blocks.0.0.weight")?.shape, channels.count == 4,
      file.entry(Self.unetPrefix + "middle_block.1.proj_in.weight") != nil, file.entry("edm_mean") == nil,
      [4, 9].contains(channels[1])
    else { return nil }
    isInpainting = channels[1] == 9
    let told = Self.textEncoders.first { prefix, _ in file.keys.contains { $0.hasPrefix(prefix) } }?.value
    let attention = Self.unetPrefix + "middle_block.1.transformer_blocks.0.attn2.to_k.weight"
    let widths: [Int: Family] = [768: .sd1, 1024: .sd2, 2048: .sdxl, 1280: .sdxlRefiner]
    guard let family = told ?? file.entry(attention)?.shape.last.flatMap({ widths[$0] }) else { return nil }
    self.family = family
    endsInNoise = file.entry("ztsnr") != nil
    let stated = file.metadata["modelspec.prediction_type"]
    let steps = file.entry("global_step") == nil ? nil : try? file.integers("global_step").first
    if stated == "v" || stated == "v_prediction" || file.entry("v_pred") != nil {
      prediction = .velocity
    } else if stated == "epsilon" || family != .sd2 || isInpainting || steps == 875_000 {
      prediction = .noise
    } else {
      prediction = .velocity
    }
  }

  package var description: String { family.rawValue + (isInpainting ? " for inpainting" : "") }
}
