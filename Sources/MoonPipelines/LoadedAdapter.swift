internal import Foundation
internal import MoonCommunity
internal import MoonImage
internal import MoonNets
internal import MoonTensor
internal import MoonWeights

/// An IP-Adapter with the image encoder that it reads.
struct LoadedAdapter: Sendable {
  let encoder: ImagePromptEncoder
  let projection: ImageTokenProjection
  let layers: IPAdapterLayers

  /// Loads the IP-Adapters of `options` and their image encoder.
  ///
  /// - Throws: `PipelineError.badModel`, or an error that names the file and key.
  static func load(_ options: ModelOptions, model: URL, unet: UNet) throws -> [LoadedAdapter] {
    guard let first = options.imageAdapters.first else { return [] }
    let files = try options.imageAdapters.map { (url: $0, weights: try IPAdapterFile.weights(contentsOf: $0)) }
    let encoder = try imageEncoder(options.imageEncoder, model: model, adapter: first)
    return try files.map { url, weights in
      let projection = try ImageTokenProjection(weights: weights.scoped("image_proj."))
      let layers = try IPAdapterLayers(unet.configuration, weights: weights)
      try weights.finish()
      let sizes = encoder.encoder.configuration
      let width = projection.takesHiddenStates ? sizes.width : sizes.projectionWidth
      if projection.inputWidth != width || projection.width != unet.configuration.contextWidth {
        throw PipelineError.badModel(
          path: url.shownPath,
          detail:
            "the IP-Adapter leads from \(projection.inputWidth) to \(projection.width) numbers, image encoder and "
            + "UNet need \(width) to \(unet.configuration.contextWidth)")
      }
      return LoadedAdapter(encoder: encoder, projection: projection, layers: layers)
    }
  }

  /// The image encoder: as named, in the model's folder, or beside the adapter.
  private static func imageEncoder(_ named: URL?, model: URL, adapter: URL) throws -> ImagePromptEncoder {
    let places = [model, adapter.deletingLastPathComponent()].map { $0.appending(path: "image_encoder") }
    let isThere = { (url: URL) in FileManager.default.fileExists(atPath: url.appending(path: "config.json").path) }
    guard let folder = named ?? places.first(where: isThere) else {
      throw PipelineError.badModel(
        path: adapter.shownPath,
        detail:
          "no image encoder in \(places.map(\.shownPath).joined(separator: " or ")); name one with --image-encoder")
    }
    let configuration = try CLIPVisionConfiguration(ConfigFile(contentsOf: folder.appending(path: "config.json")))
    let weights = try WeightMap.open(component: folder, baseName: "model")
    return ImagePromptEncoder(
      processor: try processor(folder, imageSize: configuration.imageSize),
      encoder: try CLIPVisionEncoder(configuration, weights: weights))
  }

  /// The image processor of `preprocessor_config.json`, beside the encoder or in `feature_extractor` next to it; the
  /// reference's for the encoder's size where there is none.
  private static func processor(_ folder: URL, imageSize: Int) throws -> CLIPImageProcessor {
    let name = "preprocessor_config.json"
    let places = [folder, folder.deletingLastPathComponent().appending(path: "feature_extractor")]
    guard
      let url = places.map({ $0.appending(path: name) }).first(where: {
        FileManager.default.fileExists(atPath: $0.path)
      })
    else { return CLIPImageProcessor(imageSize: imageSize) }
    return try CLIPImageProcessor(configuration: ConfigFile(contentsOf: url))
  }
}
