extension Raster {
  /// Paints a rectangle grey; what lies outside is cut off.
  mutating func fill(_ rectangle: PixelRectangle, level: UInt8) {
    let columns = max(0, rectangle.left)..<max(max(0, rectangle.left), min(width, rectangle.right))
    let rows = max(0, rectangle.top)..<max(max(0, rectangle.top), min(height, rectangle.bottom))
    for row in rows {
      let start = (row * width + columns.lowerBound) * channels
      for index in start..<start + columns.count * channels { pixels[index] = level }
    }
  }

  /// Writes one line in the small font; what lies outside is cut off.
  ///
  /// - Parameters:
  ///   - text: A line.
  ///   - x: Column of its left edge.
  ///   - y: Row of its upper edge.
  ///   - scale: Pixels along each side of a pixel of the font.
  ///   - level: How bright it is.
  mutating func draw(_ text: String, x: Int, y: Int, scale: Int, level: UInt8) {
    for (place, character) in text.enumerated() {
      let left = x + place * PixelText.advance * scale
      for (row, bits) in GlyphTable.rows(of: character).enumerated() {
        for column in 0..<GlyphTable.width where bits >> (GlyphTable.width - 1 - column) & 1 == 1 {
          fill(
            PixelRectangle(left: left + column * scale, top: y + row * scale, width: scale, height: scale),
            level: level)
        }
      }
    }
  }

  /// The same picture with each pixel repeated `factor` times along each side.
  func enlarged(by factor: Int) -> Raster {
    factor == 1 ? self : resized(width: width * factor, height: height * factor, filter: .nearest)
  }
}
