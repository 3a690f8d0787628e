internal import Foundation
internal import MoonCommunity
internal import MoonNets
internal import MoonTensor
internal import MoonWeights

extension URL {
  /// Whether a file is there that is no folder.
  var isPlainFile: Bool { (try? resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile ?? false }
}

extension ControlNet {
  /// Loads a ControlNet from a diffusers folder or one file, and checks that it fits the model.
  ///
  /// - Throws: `PipelineError.badModel`, or an error that names the file and key.
  init(contentsOf url: URL, for parts: ModelParts, variant: String?) throws {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw PipelineError.badModel(path: url.shownPath, detail: "no such file or folder")
    }
    if !url.isPlainFile {
      let weights = try WeightMap.open(component: url, baseName: "diffusion_pytorch_model", variant: variant)
      try self.init(
        ControlNetConfiguration(ConfigFile(contentsOf: url.appending(path: "config.json"))), weights: weights)
    } else {
      let file = try ControlNetFile(contentsOf: url)
      try self.init(ControlNetConfiguration(file.configuration()), weights: file.weights())
    }
    let (own, unet) = (configuration.network, parts.unet.configuration)
    if own.contextWidth != unet.contextWidth || own.channels != unet.channels {
      throw PipelineError.badModel(
        path: url.shownPath,
        detail:
          "the ControlNet attends to text of width \(own.contextWidth) with channels \(own.channels), the model's "
          + "UNet to \(unet.contextWidth) with \(unet.channels): it was made for another kind of model")
    }
    let factor = parts.autoencoder.configuration.factor
    if configuration.factor != factor {
      throw PipelineError.badModel(
        path: url.shownPath,
        detail: "the ControlNet makes \(configuration.factor) pixels one latent, the model's autoencoder \(factor)")
    }
  }
}
