/// An image of 8-bit red, green and blue levels.
public struct RGBImage: Sendable, Equatable {
  /// The most pixels of a side.
  public static let maximumSide = 16384
  /// The most pixels of an image.
  public static let maximumPixelCount = 100_000_000

  /// Pixels of a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Red, green and blue of each pixel, row by row from the top left: `width * height * 3` bytes.
  public let pixels: [UInt8]

  /// Creates an image from its bytes.
  ///
  /// - Parameters:
  ///   - width: Pixels of a row, in `1...16384`.
  ///   - height: Rows, in `1...16384`; at most 100 million pixels in all.
  ///   - pixels: Red, green and blue of each pixel, row by row from the top left.
  /// - Throws: `ImageError.unsupportedSize`, `.byteCount`.
  public init(width: Int, height: Int, pixels: [UInt8]) throws(ImageError) {
    if !Self.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
    if pixels.count != width * height * 3 { throw .byteCount(found: pixels.count, wanted: width * height * 3) }
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// The levels of the pixel in column `x` and row `y`, both counted from 0 at the top left.
  public subscript(x: Int, y: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
    precondition(x >= 0 && x < width && y >= 0 && y < height, "the pixel is inside the image")
    let start = (y * width + x) * 3
    return (pixels[start], pixels[start + 1], pixels[start + 2])
  }

  /// Whether an image may have this size.
  static func isSupported(width: Int, height: Int) -> Bool {
    let sides = 1...maximumSide
    return sides.contains(width) && sides.contains(height) && width * height <= maximumPixelCount
  }

  /// Whether no pixel has a colour.
  var isGrey: Bool {
    for start in stride(from: 0, to: pixels.count, by: 3) {
      let red = pixels[start]
      if pixels[start + 1] != red || pixels[start + 2] != red { return false }
    }
    return true
  }
}
