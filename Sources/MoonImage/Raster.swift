/// Rows of bytes, a number of them a pixel: what `RGBImage` and `GreyImage` have in common.
struct Raster {
  let width: Int
  let height: Int
  /// Bytes of a pixel.
  let channels: Int
  /// `height * width * channels` bytes.
  var pixels: [UInt8]

  /// A raster of these bytes.
  init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(pixels.count == width * height * channels, "the bytes are those of the pixels")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// A black raster.
  init(width: Int, height: Int, channels: Int) {
    self.init(
      width: width, height: height, channels: channels,
      pixels: [UInt8](repeating: 0, count: width * height * channels))
  }

  /// Puts `other` with its upper left corner at column `x` and row `y`; what lies outside is cut off.
  mutating func paste(_ other: Raster, x: Int, y: Int) {
    let columns = max(0, -x)..<max(max(0, -x), min(other.width, width - x))
    if columns.isEmpty { return }
    for row in 0..<other.height where (0..<height).contains(row + y) {
      let source = (row * other.width + columns.lowerBound) * channels
      let target = ((row + y) * width + columns.lowerBound + x) * channels
      let count = columns.count * channels
      pixels.replaceSubrange(target..<target + count, with: other.pixels[source..<source + count])
    }
  }

  /// The part of `width` x `height` pixels whose upper left corner is at column `x` and row `y`; black outside.
  func cropped(x: Int, y: Int, width: Int, height: Int) -> Raster {
    var result = Raster(width: width, height: height, channels: channels)
    result.paste(self, x: -x, y: -y)
    return result
  }
}
