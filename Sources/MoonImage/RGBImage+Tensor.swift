public import MoonTensor

extension RGBImage {
  /// Creates an image from the output of the autoencoder's decoder.
  ///
  /// The arithmetic is the reference's, in float32: `x / 2 + 0.5`, cut to `0...1`, times 255, rounded to the nearest
  /// integer, halves to even.
  ///
  /// - Parameter decoded: `[3, height, width]`: red, green, blue, of which -1 is dark and 1 is bright.
  /// - Throws: `ImageError.badShape`, `.unsupportedSize`, `.notANumber`, `.tensor`.
  /// - Source: diffusers, `VaeImageProcessor.postprocess`; `Fixtures/png/decoded.safetensors`.
  public init(decoded: Tensor) throws(ImageError) {
    if decoded.rank != 3 || decoded.shape[0] != 3 {
      throw .badShape(found: decoded.shape, wanted: "[3, height, width]")
    }
    try self.init(planes: decoded) { min(max($0 / 2 + 0.5, 0), 1) * 255 }
  }

  /// Creates an image from levels: values are cut to `0...255` and rounded to the nearest integer, halves to even.
  ///
  /// - Parameter levels: `[3, height, width]`: red, green, blue; or `[1, height, width]`: grey.
  /// - Throws: `ImageError.badShape`, `.unsupportedSize`, `.notANumber`, `.tensor`.
  public init(levels: Tensor) throws(ImageError) {
    if levels.rank != 3 || levels.shape[0] != 3 && levels.shape[0] != 1 {
      throw .badShape(found: levels.shape, wanted: "[3, height, width] or [1, height, width]")
    }
    try self.init(planes: levels) { min(max($0, 0), 255) }
  }

  /// An image from one or three planes; `level` maps a value to `0...255`, before rounding.
  private init(planes: Tensor, level: (Float) -> Float) throws(ImageError) {
    let (channels, height, width) = (planes.shape[0], planes.shape[1], planes.shape[2])
    if !Self.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
    let dense: Tensor
    do { dense = try planes.contiguous() } catch { throw .tensor("\(error)") }
    let plane = width * height
    var pixels = [UInt8](repeating: 0, count: plane * 3)
    let failure: [Int]? = withExtendedLifetime(dense) {
      let values = unsafe dense.floatBuffer
      for channel in 0..<channels {
        for place in 0..<plane {
          let value = unsafe values[channel * plane + place]
          if value.isNaN { return [channel, place / width, place % width] }
          let byte = UInt8(level(value).rounded(.toNearestOrEven))
          if channels == 3 {
            pixels[place * 3 + channel] = byte
          } else {
            for copy in 0..<3 { pixels[place * 3 + copy] = byte }
          }
        }
      }
      return nil
    }
    if let failure { throw .notANumber(position: failure) }
    try self.init(width: width, height: height, pixels: pixels)
  }
}
