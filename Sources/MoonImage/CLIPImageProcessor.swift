package import MoonTensor

/// Makes the tensor that CLIP's vision encoder is fed, as `CLIPImageProcessor` of transformers does.
///
/// The defaults are the reference's; a `preprocessor_config.json` may name other values.
package struct CLIPImageProcessor: Sendable, Equatable {
  /// A size in pixels.
  package enum Size: Sendable, Equatable {
    /// The shorter side; the other one follows.
    case shortestEdge(Int)
    /// Both sides, whatever the image's shape.
    case exact(width: Int, height: Int)
  }

  /// The size before cutting; `nil`: the image's own.
  package var size: Size? = .shortestEdge(224)
  /// What is cut out of the middle; `nil`: nothing.
  package var cropSize: (width: Int, height: Int)? {
    get { crop.map { ($0[0], $0[1]) } }
    set { crop = newValue.map { [$0.width, $0.height] } }
  }
  /// How pixels are made: `bilinear`, `bicubic` or `lanczos`.
  package var filter: ResamplingFilter = .bicubic
  /// What levels in `0...255` are multiplied by; `nil`: nothing.
  package var rescaleFactor: Double? = 1.0 / 255
  /// What is subtracted from red, green and blue; `nil`: levels are not normalized.
  package var mean: [Double]? = [0.48145466, 0.4578275, 0.40821073]
  /// What they are divided by afterwards.
  package var deviation: [Double] = [0.26862954, 0.26130258, 0.27577711]

  private var crop: [Int]? = [224, 224]

  /// The processor that diffusers makes for a vision encoder without a configuration for it.
  ///
  /// - Parameter imageSize: The encoder's `image_size`.
  package init(imageSize: Int = 224) {
    size = .shortestEdge(imageSize)
    cropSize = (imageSize, imageSize)
  }

  /// The tensor of `image`.
  ///
  /// Pixels are made as PyTorch does for 8-bit images on the CPU, where the weights have 16 bits: that is what diffusers
  /// runs wherever torchvision is installed. PIL's, with its 22 bits, differ by 1 of 255 here and there.
  ///
  /// - Parameter image: The image.
  /// - Returns: `[1, 3, height, width]` of the crop size.
  /// - Throws: `ImageError.badSetting`, `.unsupportedSize`, `.tensor`.
  /// - Source: transformers, `CLIPImageProcessor` with its torchvision backend; `Fixtures/images/clip.safetensors`.
  package func tensor(_ image: RGBImage) throws(ImageError) -> Tensor {
    var raster = image.raster
    if let size {
      let wanted = try self.size(size, of: image)
      if ![.bilinear, .bicubic, .lanczos].contains(filter) {
        throw .badSetting(name: "the filter \(filter.rawValue)", reason: "is not bilinear, bicubic or lanczos")
      }
      raster = raster.resized(width: wanted.width, height: wanted.height, filter: filter, precision: .torch)
    }
    if let cropSize {
      try check(cropSize.width, cropSize.height)
      raster = raster.cropped(
        x: Self.start(of: cropSize.width, in: raster.width), y: Self.start(of: cropSize.height, in: raster.height),
        width: cropSize.width, height: cropSize.height)
    }
    let tables = try valueTables()
    return try raster.tensor { tables[$0] }
  }

  /// The size that an image is resized to.
  private func size(_ size: Size, of image: RGBImage) throws(ImageError) -> (width: Int, height: Int) {
    switch size {
    case .exact(let width, let height):
      try check(width, height)
      return (width, height)
    case .shortestEdge(let edge):
      try check(edge, edge)
      let (short, long) = (min(image.width, image.height), max(image.width, image.height))
      let other = Int(Double(edge * long) / Double(short))
      let wanted = image.width <= image.height ? (width: edge, height: other) : (width: other, height: edge)
      try check(wanted.width, wanted.height)
      return wanted
    }
  }

  private func check(_ width: Int, _ height: Int) throws(ImageError) {
    if !RGBImage.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
  }

  /// Where a crop begins; before the image where it is larger, which is then black around it.
  private static func start(of crop: Int, in size: Int) -> Int {
    crop > size ? -((crop - size) / 2) : (size - crop) / 2
  }

  /// What the levels of each channel become. Both settings are fused, in float32, as the reference does.
  private func valueTables() throws(ImageError) -> [[Float]] {
    let levels = (0..<256).map { Float($0) }
    guard let mean else {
      let factor = Float(rescaleFactor ?? 1)
      return [[Float]](repeating: levels.map { $0 * factor }, count: 3)
    }
    if mean.count != 3 || deviation.count != 3 {
      throw .badSetting(name: "the normalization", reason: "needs three means and three deviations")
    }
    let unit = Float(rescaleFactor.map { 1 / $0 } ?? 1)
    var result: [[Float]] = []
    for channel in 0..<3 {
      let (offset, scale) = (Float(mean[channel]) * unit, Float(deviation[channel]) * unit)
      if scale == 0 || !scale.isFinite || !offset.isFinite {
        throw .badSetting(name: "the normalization", reason: "divides by zero or has numbers that are not finite")
      }
      result.append(levels.map { ($0 - offset) / scale })
    }
    return result
  }
}
