/// A rectangle of an image, in pixels from the top left.
package struct CropRegion: Sendable, Equatable {
  /// The first column.
  package let left: Int
  /// The first row.
  package let top: Int
  /// The column after the last.
  package let right: Int
  /// The row after the last.
  package let bottom: Int

  /// Columns.
  package var width: Int { right - left }
  /// Rows.
  package var height: Int { bottom - top }

  /// Creates a rectangle; `right` and `bottom` lie beyond `left` and `top`.
  package init(left: Int, top: Int, right: Int, bottom: Int) {
    precondition(left < right && top < bottom, "a region holds pixels")
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
  }

  /// The rectangle around all that `mask` selects, widened to the shape of what is made of it.
  ///
  /// It is moved into the image where it sticks out, and cut off where it is still larger; then its shape differs.
  ///
  /// - Parameters:
  ///   - mask: What is black is not selected.
  ///   - width: The width at which the region will be worked on.
  ///   - height: The height at which the region will be worked on.
  ///   - padding: Pixels added at each side, none negative.
  /// - Throws: `ImageError.emptyMask`, `.badSetting`.
  /// - Source: diffusers, `VaeImageProcessor.get_crop_region`; `Fixtures/images/regions.json`.
  package init(mask: GreyImage, width: Int, height: Int, padding: Int = 0) throws(ImageError) {
    if !(0...RGBImage.maximumSide).contains(padding) {
      throw .badSetting(name: "the padding of \(padding)", reason: "is not in 0...\(RGBImage.maximumSide)")
    }
    if !RGBImage.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
    var (columns, rows) = try Self.bounds(of: mask)
    columns = max(columns.lowerBound - padding, 0)..<min(columns.upperBound + padding, mask.width)
    rows = max(rows.lowerBound - padding, 0)..<min(rows.upperBound + padding, mask.height)
    let shape = Double(width) / Double(height)
    if Double(columns.count) / Double(rows.count) > shape {
      rows = Self.widened(rows, to: Double(columns.count) / shape, within: mask.height)
    } else {
      columns = Self.widened(columns, to: Double(rows.count) * shape, within: mask.width)
    }
    self.init(left: columns.lowerBound, top: rows.lowerBound, right: columns.upperBound, bottom: rows.upperBound)
  }

  /// Columns and rows from the first to the last with a pixel that is not black.
  private static func bounds(of mask: GreyImage) throws(ImageError) -> (columns: Range<Int>, rows: Range<Int>) {
    var (left, right, top, bottom) = (mask.width, 0, mask.height, 0)
    for row in 0..<mask.height {
      let line = mask.pixels[row * mask.width..<(row + 1) * mask.width]
      guard let first = line.firstIndex(where: { $0 != 0 }), let last = line.lastIndex(where: { $0 != 0 }) else {
        continue
      }
      left = min(left, first - line.startIndex)
      right = max(right, last - line.startIndex + 1)
      top = min(top, row)
      bottom = row + 1
    }
    if bottom == 0 { throw .emptyMask }
    return (left..<right, top..<bottom)
  }

  /// `range` made `length` long at both sides evenly, moved into `0..<size`, and cut off there.
  private static func widened(_ range: Range<Int>, to length: Double, within size: Int) -> Range<Int> {
    let difference = max(Int(length - Double(range.count)), 0)
    var lower = range.lowerBound - difference / 2
    var upper = range.upperBound + difference - difference / 2
    if upper >= size {
      lower -= upper - size
      upper = size
    }
    if lower < 0 {
      upper -= lower
      lower = 0
    }
    return lower..<min(upper, size)
  }
}
