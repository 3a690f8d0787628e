package import MoonTensor

/// Makes the tensors that autoencoder and ControlNet are fed from images, as diffusers' `VaeImageProcessor` does.
package struct ImageProcessor: Sendable, Equatable {
  /// How an image comes to a size of another shape.
  package enum Mode: String, Sendable, CaseIterable {
    /// Stretched in both directions.
    case stretched = "default"
    /// Whole, in the middle; what is left is filled with its edges.
    case filled = "fill"
    /// Its middle, as large as fits.
    case cropped = "crop"
  }

  /// Sides become multiples of this: the autoencoder's factor.
  package let multiple: Int
  /// How pixels are made.
  package let filter: ResamplingFilter
  /// Whether values are in `-1...1`, otherwise in `0...1`.
  package let isNormalized: Bool
  /// Whether there is one channel, the brightness.
  package let isGrey: Bool
  /// Whether values become 0 or 1.
  package let isBinarized: Bool

  private init(multiple: Int, filter: ResamplingFilter, isNormalized: Bool, isMask: Bool) {
    precondition(multiple >= 1, "sides are multiples of a positive number")
    self.multiple = multiple
    self.filter = filter
    self.isNormalized = isNormalized
    isGrey = isMask
    isBinarized = isMask
  }

  /// For the image that the autoencoder encodes: three channels in `-1...1`.
  package static func image(multiple: Int, filter: ResamplingFilter = .lanczos) -> ImageProcessor {
    ImageProcessor(multiple: multiple, filter: filter, isNormalized: true, isMask: false)
  }

  /// For a control image: three channels in `0...1`.
  package static func control(multiple: Int, filter: ResamplingFilter = .lanczos) -> ImageProcessor {
    ImageProcessor(multiple: multiple, filter: filter, isNormalized: false, isMask: false)
  }

  /// For a mask: one channel, 1 where the image is at least half bright, 0 elsewhere.
  package static func mask(multiple: Int, filter: ResamplingFilter = .lanczos) -> ImageProcessor {
    ImageProcessor(multiple: multiple, filter: filter, isNormalized: false, isMask: true)
  }

  /// The size that an image gets: the wanted one or, where there is none, its own, rounded down to multiples.
  ///
  /// - Parameters:
  ///   - image: The image, already cut to the region that is worked on.
  ///   - width: The wanted width.
  ///   - height: The wanted height.
  /// - Returns: Sides that are multiples of `multiple`.
  /// - Throws: `ImageError.unsupportedSize`, also where nothing is left.
  package func size(
    of image: RGBImage, width: Int? = nil, height: Int? = nil
  ) throws(ImageError) -> (width: Int, height: Int) {
    let (width, height) = (width ?? image.width, height ?? image.height)
    let rounded = (width: width - width % multiple, height: height - height % multiple)
    if !RGBImage.isSupported(width: rounded.width, height: rounded.height) {
      throw .unsupportedSize(width: width, height: height)
    }
    return rounded
  }

  /// The tensor of `image`.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - width: The wanted width; by default the image's. It is rounded down to a multiple of `multiple`.
  ///   - height: The wanted height, likewise.
  ///   - mode: How the image comes to a size of another shape.
  ///   - region: What is cut out of the image first.
  /// - Returns: `[1, 3, height, width]`, or `[1, 1, height, width]` of a mask.
  /// - Throws: `ImageError.unsupportedSize`, `.tensor`.
  /// - Source: diffusers, `VaeImageProcessor.preprocess`; `Fixtures/images/processor.safetensors`.
  package func tensor(
    _ image: RGBImage, width: Int? = nil, height: Int? = nil, mode: Mode = .stretched, region: CropRegion? = nil
  ) throws(ImageError) -> Tensor {
    let part = if let region { try image.cropped(to: region) } else { image }
    let size = try size(of: part, width: width, height: height)
    let resized = try resized(part, width: size.width, height: size.height, mode: mode)
    let raster = isGrey ? GreyImage(resized).raster : resized.raster
    let values = (0..<256).map { value(Float($0) / 255) }
    return try raster.tensor { _ in values }
  }

  /// What a level in `0...1` becomes.
  private func value(_ level: Float) -> Float {
    let value = isNormalized ? 2 * level - 1 : level
    return isBinarized ? (value < 0.5 ? 0 : 1) : value
  }
}

extension Raster {
  /// `[1, channels, height, width]`: each byte as `values` of its channel says, which has 256 elements.
  func tensor(_ values: (_ channel: Int) -> [Float]) throws(ImageError) -> Tensor {
    let result: Tensor
    do { result = try Tensor(uninitialized: [1, channels, height, width]) } catch { throw .tensor("\(error)") }
    let bytes = pixels.span
    let target = unsafe result.mutableFloats
    for channel in 0..<channels {
      let table = values(channel)
      precondition(table.count == 256, "each byte has a value")
      let start = channel * width * height
      for index in 0..<width * height {
        unsafe target[start + index] = table[Int(bytes[index * channels + channel])]
      }
    }
    extendLifetime(result)
    return result
  }
}
