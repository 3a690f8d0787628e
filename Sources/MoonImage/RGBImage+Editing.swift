extension RGBImage {
  /// Repeats grey levels.
  ///
  /// - Parameter grey: The levels.
  package init(_ grey: GreyImage) {
    width = grey.width
    height = grey.height
    pixels = grey.pixels.flatMap { [$0, $0, $0] }
  }

  init(_ raster: Raster) {
    precondition(raster.channels == 3, "an RGB image has three channels")
    (width, height, pixels) = (raster.width, raster.height, raster.pixels)
  }

  var raster: Raster { Raster(width: width, height: height, channels: 3, pixels: pixels) }

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
  ) throws(ImageError) -> RGBImage {
    if !Self.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
    return RGBImage(raster.resized(width: width, height: height, filter: filter))
  }

  /// The part of this image in `region`; black where that lies outside.
  ///
  /// - Parameter region: What to cut out.
  /// - Returns: An image of the region's size.
  /// - Throws: `ImageError.unsupportedSize`.
  package func cropped(to region: CropRegion) throws(ImageError) -> RGBImage {
    let (width, height) = (region.width, region.height)
    if !Self.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
    return RGBImage(raster.cropped(x: region.left, y: region.top, width: width, height: height))
  }
}
