/// An image of 8-bit grey levels.
package struct GreyImage: Sendable, Equatable {
  /// Pixels of a row.
  package let width: Int
  /// Rows.
  package let height: Int
  /// The levels, row by row from the top left: `width * height` bytes.
  package let pixels: [UInt8]

  /// Creates an image from its bytes.
  ///
  /// - Parameters:
  ///   - width: Pixels of a row.
  ///   - height: Rows.
  ///   - pixels: The levels, row by row from the top left.
  /// - Throws: `ImageError.unsupportedSize`, `.byteCount`.
  package init(width: Int, height: Int, pixels: [UInt8]) throws(ImageError) {
    if !RGBImage.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
    if pixels.count != width * height { throw .byteCount(found: pixels.count, wanted: width * height) }
    self.init(Raster(width: width, height: height, channels: 1, pixels: pixels))
  }

  /// The brightness of `image`, as PIL's `convert("L")`: ITU-R 601-2 in fixed point of 16 bits.
  package init(_ image: RGBImage) {
    width = image.width
    height = image.height
    let bytes = image.pixels.span
    pixels = unsafe [UInt8](unsafeUninitializedCapacity: width * height) { buffer, count in
      for place in 0..<buffer.count {
        let red = Int(bytes[place * 3]) * 19595
        let green = Int(bytes[place * 3 + 1]) * 38470
        let blue = Int(bytes[place * 3 + 2]) * 7471
        unsafe buffer[place] = UInt8((red + green + blue + 0x8000) >> 16)
      }
      count = buffer.count
    }
  }

  init(_ raster: Raster) {
    precondition(raster.channels == 1, "a grey image has one channel")
    (width, height, pixels) = (raster.width, raster.height, raster.pixels)
  }

  var raster: Raster { Raster(width: width, height: height, channels: 1, pixels: pixels) }

  /// This image at another size, equal to PIL's `resize` to the byte.
  ///
  /// - Parameters:
  ///   - width: The new width.
  ///   - height: The new height.
  ///   - filter: How pixels are made.
  /// - Returns: The new image.
  /// - Throws: `ImageError.unsupportedSize`.
  package func resized(
    width: Int, height: Int, filter: ResamplingFilter = .lanczos
  ) throws(ImageError) -> GreyImage {
    if !RGBImage.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
    return GreyImage(raster.resized(width: width, height: height, filter: filter))
  }
}
