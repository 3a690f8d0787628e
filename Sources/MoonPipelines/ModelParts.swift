internal import Foundation
internal import MoonCommunity
internal import MoonNets
internal import MoonTensor
internal import MoonText

/// The networks of a model, which fit together.
struct ModelParts: Sendable {
  var encoder: PromptEncoder
  var unet: UNet
  var autoencoder: Autoencoder
  /// Whether the UNet is told a score instead of a target size.
  var isScored = false

  /// Loads the parts and checks that they fit.
  ///
  /// - Throws: `PipelineError.badModel`, or an error that names the file and the key.
  init(_ model: ModelSource, options: ModelOptions) throws {
    let adapters = try LoadedLoRAs(options.adapters, isXL: model.isXL)
    let inversions = try options.embeddings.map { try TextualInversion(contentsOf: $0) }
    var parts: [TextPart] = []
    for (tokens, entry) in try zip(model.tokenizers(), model.textConfigurations()) {
      let weights = try adapters.merged(into: model.weights(entry.name), entry.name)
      var part = TextPart(
        tokenizer: tokens.tokenizer, textEncoder: try CLIPTextEncoder(entry.configuration, weights: weights))
      try part.add(inversions, component: entry.name == "text_encoder" ? .textEncoder : .textEncoder2)
      parts.append(part)
    }
    try parts.checkWidths(of: inversions)
    encoder = PromptEncoder(
      parts: parts, isXL: model.isXL, zeroesMissingNegative: model.zeroesMissingNegative)
    unet = try UNet(
      UNetConfiguration(model.configuration("unet")), weights: adapters.merged(into: model.weights("unet"), "unet"))
    if let url = options.autoencoder {
      let file = try AutoencoderFile(contentsOf: url, variant: options.variant)
      let configuration = try AutoencoderConfiguration(file.configuration(for: model.isXL ? .sdxl : .sd1))
      autoencoder = try Autoencoder(configuration.used(bySDXL: model.isXL), weights: file.weights())
    } else {
      let configuration = try AutoencoderConfiguration(model.configuration("vae"))
      autoencoder = try Autoencoder(configuration.used(bySDXL: model.isXL), weights: model.weights("vae"))
    }
    isScored = model.isScored
    if let misfit { throw PipelineError.badModel(path: model.name, detail: misfit) }
  }

  /// Whether the UNet takes mask and masked picture beside the latents.
  var isInpaintingModel: Bool { unet.configuration.inputChannels == 2 * autoencoder.configuration.latentChannels + 1 }

  /// What does not fit, if anything.
  private var misfit: String? {
    let unet = unet.configuration
    let autoencoder = autoencoder.configuration
    let width = encoder.parts.map(\.textEncoder.configuration.width).reduce(0, +)
    if width != unet.contextWidth {
      let encoders = encoder.parts.count == 1 ? "the text encoder is" : "the text encoders are together"
      return "\(encoders) \(width) wide, the UNet attends to \(unet.contextWidth)"
    }
    if let misfit = addedMisfit { return misfit }
    let channels = autoencoder.latentChannels
    if unet.inputChannels != channels && !isInpaintingModel {
      return "the UNet takes \(unet.inputChannels) channels, the autoencoder's latents have \(channels)"
    }
    if unet.outputChannels != channels {
      return "the UNet predicts \(unet.outputChannels) channels, the autoencoder's latents have \(channels)"
    }
    if autoencoder.outputChannels != 3 {
      return "the autoencoder's pictures have \(autoencoder.outputChannels) channels, wanted 3"
    }
    for part in encoder.parts {
      let (tokenizer, text) = (part.tokenizer, part.textEncoder)
      if tokenizer.modelMaxLength > text.configuration.positions {
        return
          "the tokenizer makes \(tokenizer.modelMaxLength) ids, the text encoder takes \(text.configuration.positions)"
      }
      if tokenizer.vocabularySize > text.tokenCount {
        return "the tokenizer knows \(tokenizer.vocabularySize) tokens, the text encoder \(text.tokenCount)"
      }
    }
    let lengths = encoder.parts.map(\.tokenizer.modelMaxLength)
    if let other = lengths.first(where: { $0 != lengths[0] }) {
      return "the tokenizers make \(lengths[0]) and \(other) ids (\"model_max_length\"), wanted as many of both"
    }
    return nil
  }

  /// What does not fit in the embeddings that SDXL adds to the time's.
  private var addedMisfit: String? {
    guard let added = unet.configuration.addition else {
      return encoder.isXL ? "the UNet of an SDXL model needs \"addition_embed_type\" \"text_time\"" : nil
    }
    guard encoder.isXL, let last = encoder.parts.last else {
      return "the UNet wants pooled text embeddings, which the pipeline does not make"
    }
    let pooled = last.textEncoder.configuration.pooledWidth
    let numbers = isScored ? 5 : 6
    if added.inputWidth != pooled + numbers * added.waveWidth {
      return "the UNet adds \(added.inputWidth) numbers of text and size, the pipeline makes "
        + "\(pooled) + \(numbers) x \(added.waveWidth)"
    }
    return nil
  }
}
