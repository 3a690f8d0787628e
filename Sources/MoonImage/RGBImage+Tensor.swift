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

  /// An image from one or three planes; `level` maps a value to `0...255`, before rounding. Asks row by row whether to
  /// stop.
  private init(planes: Tensor, level: (Float) -> Float) throws(ImageError) {
    let (channels, height, width) = (planes.shape[0], planes.shape[1], planes.shape[2])
    if !Self.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
    let dense: Tensor
    do { dense = try planes.contiguous() } catch { throw .tensor("\(error)") }
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    let environment = TensorEnvironment.current
    defer { extendLifetime(dense) }
    let values = unsafe dense.floatBuffer
    for row in 0..<height {
      do { try environment.check() } catch { throw .tensor("\(error)") }
      for channel in 0..<3 {
        let plane = channels == 3 ? channel : 0
        let start = (plane * height + row) * width
        var place = row * width * 3 + channel
        for index in start..<start + width {
          let value = unsafe values[index]
          if value.isNaN { throw .notANumber(position: [plane, row, index - start]) }
          pixels[place] = UInt8(level(value).rounded(.toNearestOrEven))
          place += 3
        }
      }
    }
    try self.init(width: width, height: height, pixels: pixels)
  }
}
