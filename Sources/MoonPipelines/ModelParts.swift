internal import Foundation
internal import MoonNets
internal import MoonTensor
internal import MoonText

/// The networks of a model, which fit together.
struct ModelParts: Sendable {
  let encoder: PromptEncoder
  let unet: UNet
  let autoencoder: Autoencoder

  /// Loads the parts and checks that they fit.
  ///
  /// - Throws: `PipelineError.badModel`, or an error that names the file and the key.
  init(_ model: ModelFolder) throws {
    encoder = PromptEncoder(tokenizer: try model.tokenizer(), textEncoder: try model.textEncoder())
    unet = try model.unet()
    autoencoder = try model.autoencoder()
    if let misfit { throw PipelineError.badModel(path: model.url.shownPath, detail: misfit) }
  }

  /// What does not fit, if anything.
  private var misfit: String? {
    let text = encoder.textEncoder.configuration
    let tokenizer = encoder.tokenizer
    let unet = unet.configuration
    let autoencoder = autoencoder.configuration
    if text.width != unet.contextWidth {
      return "the text encoder is \(text.width) wide, the UNet attends to \(unet.contextWidth)"
    }
    let channels = autoencoder.latentChannels
    if unet.inputChannels != channels {
      return "the UNet takes \(unet.inputChannels) channels, the autoencoder's latents have \(channels)"
    }
    if unet.outputChannels != channels {
      return "the UNet predicts \(unet.outputChannels) channels, the autoencoder's latents have \(channels)"
    }
    if autoencoder.outputChannels != 3 {
      return "the autoencoder's pictures have \(autoencoder.outputChannels) channels, wanted 3"
    }
    if tokenizer.modelMaxLength > text.positions {
      return "the tokenizer makes \(tokenizer.modelMaxLength) ids, the text encoder takes \(text.positions)"
    }
    if tokenizer.vocabularySize > text.vocabularySize {
      return "the tokenizer knows \(tokenizer.vocabularySize) tokens, the text encoder \(text.vocabularySize)"
    }
    return nil
  }
}
