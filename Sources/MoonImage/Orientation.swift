/// How a stored picture is to be turned before it is shown; the numbers are EXIF's.
enum Orientation: Int {
  case upright = 1
  case mirrored
  case upsideDown
  case mirroredUpsideDown
  /// Mirrored at the diagonal from the top left.
  case transposed
  /// To be turned by a quarter, clockwise.
  case clockwise
  /// Mirrored at the diagonal from the top right.
  case transversed
  /// To be turned by a quarter, counter-clockwise.
  case counterclockwise

  /// Whether rows become columns.
  var isSideways: Bool { rawValue >= 5 }
}

extension RGBImage {
  /// This image turned as `orientation` says.
  func turned(_ orientation: Orientation) throws(ImageError) -> RGBImage {
    if orientation == .upright { return self }
    let size = orientation.isSideways ? (width: height, height: width) : (width: width, height: height)
    // The stored pixel of the upper left corner, and the ways to the pixels right of it and below it.
    let (right, below) = (3, width * 3)
    let (lastColumn, lastRow) = ((width - 1) * right, (height - 1) * below)
    let (start, across, down) =
      switch orientation {
      case .upright: (0, right, below)
      case .mirrored: (lastColumn, -right, below)
      case .upsideDown: (lastColumn + lastRow, -right, -below)
      case .mirroredUpsideDown: (lastRow, right, -below)
      case .transposed: (0, below, right)
      case .clockwise: (lastRow, -below, right)
      case .transversed: (lastColumn + lastRow, -below, -right)
      case .counterclockwise: (lastColumn, below, -right)
      }
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count)
    for row in 0..<size.height {
      var place = start + row * down
      for _ in 0..<size.width {
        result.append(pixels[place])
        result.append(pixels[place + 1])
        result.append(pixels[place + 2])
        place += across
      }
    }
    return try RGBImage(width: size.width, height: size.height, pixels: result)
  }
}
