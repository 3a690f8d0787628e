internal import Foundation
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
    let encoder = try imageEncoder(options.imageEncoder, model: model, adapter: first)
    return try options.imageAdapters.map { url in
      let weights = try WeightMap(contentsOf: url)
      let keys = weights.keys
      guard keys.contains(where: { $0.hasPrefix("image_proj.") }), keys.contains(where: { $0.hasPrefix("ip_adapter.") })
      else {
        throw PipelineError.badModel(
          path: url.shownPath, detail: "no IP-Adapter: it has no keys under image_proj and ip_adapter")
      }
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
    var processor = CLIPImageProcessor(imageSize: imageSize)
    let name = "preprocessor_config.json"
    let places = [folder, folder.deletingLastPathComponent().appending(path: "feature_extractor")]
    guard
      let url = places.map({ $0.appending(path: name) }).first(where: {
        FileManager.default.fileExists(atPath: $0.path)
      })
    else { return processor }
    let file = try ConfigFile(contentsOf: url)
    if let edge = try size(file, "size") { processor.size = .shortestEdge(edge) }
    if let crop = try size(file, "crop_size") { processor.cropSize = (crop, crop) }
    if file.has("image_mean") { processor.mean = try file.doubleList("image_mean") }
    if file.has("image_std") { processor.deviation = try file.doubleList("image_std") }
    return processor
  }

  /// A side in pixels: a number, or an object with `shortest_edge` or `height`.
  private static func size(_ file: ConfigFile, _ key: String) throws -> Int? {
    switch file.value(key) {
    case nil, .null: return nil
    case .object:
      guard let section = try file.section(key) else { return nil }
      return try section.int(section.has("shortest_edge") ? "shortest_edge" : "height")
    default: return try file.int(key)
    }
  }
}
