package import MoonImage
package import MoonWeights

extension CLIPImageProcessor {
  /// The processor of a `preprocessor_config.json`; what the file does not say is as in the reference.
  ///
  /// - Throws: `WeightsError` that names the file and the key, `PipelineError.badModel` for a way of resizing that is not
  ///   supported.
  /// - Source: transformers 5.24, `CLIPImageProcessor`.
  package init(configuration file: ConfigFile) throws {
    self.init()
    if try file.bool("do_resize", default: true) {
      if let size = try Self.size(file, "size") { self.size = size }
    } else {
      size = nil
    }
    if try !file.bool("do_center_crop", default: true) {
      cropSize = nil
    } else if let crop = try Self.size(file, "crop_size") {
      switch crop {
      case .shortestEdge(let side): cropSize = (side, side)
      case .exact(let width, let height): cropSize = (width, height)
      }
    }
    filter = try Self.filter(file)
    let factor = try file.double("rescale_factor", default: 1.0 / 255)
    rescaleFactor = try file.bool("do_rescale", default: true) ? factor : nil
    if try file.bool("do_normalize", default: true) {
      if file.has("image_mean") { mean = try file.doubleList("image_mean") }
      if file.has("image_std") { deviation = try file.doubleList("image_std") }
    } else {
      mean = nil
    }
  }

  /// A size: a number of pixels, or an object with `shortest_edge` or with `height` and `width`.
  private static func size(_ file: ConfigFile, _ key: String) throws -> Size? {
    switch file.value(key) {
    case nil, .null: return nil
    case .object:
      guard let section = try file.section(key) else { return nil }
      if section.has("shortest_edge") { return .shortestEdge(try section.int("shortest_edge")) }
      return .exact(width: try section.int("width"), height: try section.int("height"))
    default: return .shortestEdge(try file.int(key))
    }
  }

  /// How pixels are made, by PIL's numbers for it.
  private static func filter(_ file: ConfigFile) throws -> ResamplingFilter {
    switch try file.int("resample", default: 3) {
    case 1: .lanczos
    case 2: .bilinear
    case 3: .bicubic
    case let number:
      throw PipelineError.badModel(
        path: file.name, detail: "resample is \(number), wanted 1 (Lanczos), 2 (bilinear) or 3 (bicubic)")
    }
  }
}
