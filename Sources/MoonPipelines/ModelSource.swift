package import Foundation
internal import MoonCommunity
package import MoonNets
package import MoonSchedulers
internal import MoonTensor
package import MoonText
package import MoonWeights

/// A model as it is stored: a diffusers folder, or a checkpoint in one file.
package enum ModelSource: Sendable {
  case folder(ModelFolder)
  case checkpoint(CheckpointModel)

  /// Opens the model at a path; a folder by its `model_index.json`, anything else as a checkpoint.
  ///
  /// - Throws: `PipelineError.badModel`, `CommunityError`, an error that names the file and key.
  package init(_ url: URL, variant: String? = nil) throws {
    if !url.isPlainFile {
      self = .folder(try ModelFolder(url, variant: variant))
    } else {
      if variant != nil {
        throw PipelineError.badRequest(
          option: "--variant", detail: "\(url.shownPath) is one file, which has no variants")
      }
      self = .checkpoint(try CheckpointModel(url))
    }
  }

  /// What messages call the model.
  package var name: String {
    switch self {
    case .folder(let model): model.url.shownPath
    case .checkpoint(let model): model.checkpoint.name
    }
  }

  /// Whether the model is of the SDXL family.
  package var isXL: Bool {
    switch self {
    case .folder(let model): model.isXL
    case .checkpoint(let model): model.isXL
    }
  }

  /// Whether a negative prompt that was not given is embedded as zeros.
  var zeroesMissingNegative: Bool {
    switch self {
    case .folder(let model): model.zeroesMissingNegative
    case .checkpoint(let model): model.checkpoint.kind.family == .sdxl
    }
  }

  /// Whether the UNet is told a score instead of a target size.
  var isScored: Bool {
    switch self {
    case .folder(let model): model.isScored
    case .checkpoint(let model): model.checkpoint.kind.family == .sdxlRefiner
    }
  }

  /// What the user should know of the choice of weights, given the networks beside the model.
  func warnings(others: [URL]) throws -> [String] {
    switch self {
    case .folder(let model): try model.checkVariant(others: others)
    case .checkpoint(let model): model.warnings
    }
  }

  /// The configuration of a part: `unet` or `vae`.
  package func configuration(_ part: String) throws -> ConfigFile {
    switch self {
    case .folder(let model): try model.configuration(part)
    case .checkpoint(let model): try model.checkpoint.configuration(model.part(part))
    }
  }

  /// The weights of a part, by the names of diffusers.
  func weights(_ part: String) throws -> WeightMap {
    switch self {
    case .folder(let model): try model.weights(part)
    case .checkpoint(let model): try model.checkpoint.weights(model.part(part))
    }
  }

  /// The tokenizers by the names of their folders, in the order of the text encoders.
  package func tokenizers() throws -> [(name: String, tokenizer: CLIPTokenizer)] {
    switch self {
    case .folder(let model): try model.tokenizers()
    case .checkpoint(let model): try model.tokenizers()
    }
  }

  /// The configurations of the text encoders by the names of their folders.
  package func textConfigurations() throws -> [(name: String, configuration: CLIPTextConfiguration)] {
    switch self {
    case .folder(let model): try model.textConfigurations()
    case .checkpoint(let model): try model.textConfigurations()
    }
  }

  /// The fields of `scheduler_config.json`, and the file as messages name it.
  package func schedulerFields() throws -> (fields: [String: ConfigValue], source: String) {
    switch self {
    case .folder(let model): return try model.schedulerFields()
    case .checkpoint(let model):
      let file = model.checkpoint.schedulerConfiguration
      return (ModelFolder.fields(of: file), file.name)
    }
  }
}
