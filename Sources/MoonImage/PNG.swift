internal import CPNG
public import Foundation
internal import MoonTensor

/// Reads and writes PNG files.
public enum PNG {
  /// The most bytes of a file.
  public static let maximumByteCount = 1 << 30
  /// The bytes with which a file begins.
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Reads the image in `bytes`.
  ///
  /// Any kind of PNG becomes 8-bit RGB as in PIL's `convert("RGB")`: palettes are looked up, grey levels are repeated, of
  /// 16 bits the upper 8 are kept, transparency is dropped, and no gamma or colour profile is applied.
  ///
  /// - Parameters:
  ///   - bytes: A whole file; what follows its end is ignored.
  ///   - name: What messages call it.
  /// - Returns: The image.
  /// - Throws: `ImageError.malformed`, `.badSize`.
  public static func decode(_ bytes: [UInt8], name: String = "the image") throws(ImageError) -> RGBImage {
    let (width, height, pixels) = try pixels(of: bytes, hasAlpha: false, name: name)
    return try RGBImage(width: width, height: height, pixels: pixels)
  }

  /// Reads the image in `bytes` and how opaque each pixel is.
  ///
  /// - Parameters:
  ///   - bytes: A whole file.
  ///   - name: What messages call it.
  /// - Returns: The image, its colours not weighted, and one byte a pixel, row by row: 0 is clear, 255 opaque.
  /// - Throws: `ImageError.malformed`, `.badSize`.
  public static func decodeWithAlpha(
    _ bytes: [UInt8], name: String = "the image"
  ) throws(ImageError) -> (image: RGBImage, alpha: [UInt8]) {
    let (width, height, pixels) = try pixels(of: bytes, hasAlpha: true, name: name)
    var colours: [UInt8] = []
    var alpha: [UInt8] = []
    colours.reserveCapacity(pixels.count / 4 * 3)
    alpha.reserveCapacity(pixels.count / 4)
    for start in stride(from: 0, to: pixels.count, by: 4) {
      colours += pixels[start..<start + 3]
      alpha.append(pixels[start + 3])
    }
    return (try RGBImage(width: width, height: height, pixels: colours), alpha)
  }

  /// Reads the texts in `bytes` (`tEXt`, `zTXt` and `iTXt`), in the order of the file; ones over 8 MiB are left out.
  ///
  /// - Parameters:
  ///   - bytes: A whole file.
  ///   - name: What messages call it.
  /// - Returns: Keywords, which may repeat, and values.
  /// - Throws: `ImageError.malformed`, `.badSize`.
  public static func text(
    of bytes: [UInt8], name: String = "the image"
  ) throws(ImageError) -> [(keyword: String, value: String)] {
    try checkStart(of: bytes, name: name)
    return try unsafe bytes.span.bytes.withUnsafeBytes { (buffer) throws(ImageError) in
      let reader = try unsafe PNGReader(buffer, name: name)
      try reader.skipPixels()
      return try reader.texts()
    }
  }

  /// Reads the image in the file at `url`.
  ///
  /// - Parameter url: A PNG file.
  /// - Returns: The image, as from `decode`.
  /// - Throws: `ImageError.unreadable`, `.malformed`, `.badSize`.
  public static func read(_ url: URL) throws(ImageError) -> RGBImage {
    try decode(try bytes(of: url), name: url.shownPath)
  }

  /// Reads the texts in the file at `url`.
  ///
  /// - Parameter url: A PNG file.
  /// - Returns: Keywords and values, as from `text(of:name:)`.
  /// - Throws: `ImageError.unreadable`, `.malformed`, `.badSize`.
  public static func text(of url: URL) throws(ImageError) -> [(keyword: String, value: String)] {
    try text(of: try bytes(of: url), name: url.shownPath)
  }

  private static func bytes(of url: URL) throws(ImageError) -> [UInt8] {
    do { return try FileBytes.read(url, limit: maximumByteCount) } catch { throw ImageError(error) }
  }

  private static func pixels(
    of bytes: [UInt8], hasAlpha: Bool, name: String
  ) throws(ImageError) -> (width: Int, height: Int, pixels: [UInt8]) {
    try checkStart(of: bytes, name: name)
    return try unsafe bytes.span.bytes.withUnsafeBytes { (buffer) throws(ImageError) in
      let reader = try unsafe PNGReader(buffer, name: name)
      return (reader.width, reader.height, try reader.pixels(hasAlpha: hasAlpha))
    }
  }

  /// Looks at the first bytes, so that other formats and sizes out of bounds get a sentence of their own.
  private static func checkStart(of bytes: [UInt8], name: String) throws(ImageError) {
    if let format = PictureFormat(bytes), format != .png {
      throw .malformed(file: name, reason: "it is a \(format.rawValue) file; only PNG is read")
    }
    if bytes.isEmpty { throw .malformed(file: name, reason: "it is empty") }
    if !bytes.starts(with: signature) { throw .malformed(file: name, reason: "it does not begin like one") }
    try checkLengths(of: bytes, name: name)
    guard bytes.count >= 24, bytes[12..<16].elementsEqual("IHDR".utf8) else { return }
    let width = bytes[16..<20].reduce(0) { $0 << 8 | Int($1) }
    let height = bytes[20..<24].reduce(0) { $0 << 8 | Int($1) }
    if !RGBImage.isSupported(width: width, height: height) {
      throw .badSize(file: name, width: width, height: height)
    }
  }

  /// Follows the chunks to the end of the file, so that none claims more bytes than there are: libpng would reserve and
  /// clear that much memory first.
  private static func checkLengths(of bytes: [UInt8], name: String) throws(ImageError) {
    if !forEachChunk(of: bytes, { _, _ in }) { throw .malformed(file: name, reason: "it ends too early") }
  }

  /// Calls `body` with the kind and the data of each chunk, up to the last one, or up to one that claims more bytes than
  /// there are; then the result is false.
  @discardableResult
  static func forEachChunk(
    of bytes: [UInt8], _ body: (_ kind: ArraySlice<UInt8>, _ data: ArraySlice<UInt8>) -> Void
  ) -> Bool {
    var place = 8
    while place + 8 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      if length > bytes.count - place - 8 { return false }
      let kind = bytes[place + 4..<place + 8]
      if kind.elementsEqual("IEND".utf8) { return true }
      body(kind, bytes[place + 8..<place + 8 + length])
      place += 12 + length
    }
    return true
  }
}
