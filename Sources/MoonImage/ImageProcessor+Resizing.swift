extension ImageProcessor {
  /// `image` at exactly this size.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - width: The new width.
  ///   - height: The new height.
  ///   - mode: How it comes to a size of another shape.
  /// - Returns: An image of that size, equal to the reference's to the byte.
  /// - Throws: `ImageError.unsupportedSize`, also where a side would vanish.
  /// - Source: diffusers, `VaeImageProcessor.resize`; `Fixtures/images/processor.safetensors`.
  package func resized(
    _ image: RGBImage, width: Int, height: Int, mode: Mode = .stretched
  ) throws(ImageError) -> RGBImage {
    if mode == .stretched { return try image.resized(width: width, height: height, filter: filter) }
    if !RGBImage.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
    let shape = Double(width) / Double(height)
    let imageShape = Double(image.width) / Double(image.height)
    // Whether the width is what fits: the image is wider and is to stay whole, or narrower and is to leave nothing free.
    let fitsWidth = mode == .filled ? shape < imageShape : shape > imageShape
    let fitsHeight = mode == .filled ? shape >= imageShape : shape <= imageShape
    let inner = try image.resized(
      width: fitsWidth ? width : image.width * height / image.height,
      height: fitsHeight ? height : image.height * width / image.width, filter: filter
    ).raster
    let (x, y) = (width / 2 - inner.width / 2, height / 2 - inner.height / 2)
    var result = Raster(width: width, height: height, channels: 3)
    result.paste(inner, x: x, y: y)
    if mode == .filled { Self.fillEdges(of: &result, around: inner, x: x, y: y) }
    return RGBImage(result)
  }

  /// Fills what is left above and below, or left and right, of `inner` with its edges.
  private static func fillEdges(of result: inout Raster, around inner: Raster, x: Int, y: Int) {
    let (columns, rows) = (0..<inner.width, 0..<inner.height)
    // The reference resizes a part without extent, which blends the two lines at the edge.
    func band(_ part: Raster.Part, width: Int, height: Int) -> Raster {
      inner.resized(width: width, height: height, filter: .bicubic, part: part)
    }
    if y > 0 && inner.width == result.width {
      result.paste(band(.init(columns: columns, rows: 0..<0), width: inner.width, height: y), x: 0, y: 0)
      let bottom = Raster.Part(columns: columns, rows: inner.height..<inner.height)
      result.paste(band(bottom, width: inner.width, height: y), x: 0, y: y + inner.height)
    } else if x > 0 && inner.height == result.height {
      result.paste(band(.init(columns: 0..<0, rows: rows), width: x, height: inner.height), x: 0, y: 0)
      let right = Raster.Part(columns: inner.width..<inner.width, rows: rows)
      result.paste(band(right, width: x, height: inner.height), x: x + inner.width, y: 0)
    }
  }
}
