internal import CJPEG
public import Foundation
internal import MoonTensor

/// Reads JPEG files.
public enum JPEG {
  /// The most bytes of a file.
  public static let maximumByteCount = 1 << 30
  /// The most scans of a file; a progressive one has about ten.
  public static let maximumScanCount = 200

  /// Reads the image in `bytes`, as it is stored: an orientation in its metadata is not applied.
  ///
  /// Any kind of JPEG of 8 bits, progressive ones included, becomes RGB as in PIL's `convert("RGB")`: grey levels are
  /// repeated, four inks are taken as inverted and mixed without a colour profile. As there, damage that still leaves a
  /// picture is no error; a file that ends too early is one.
  ///
  /// - Parameters:
  ///   - bytes: A whole file; what follows its end is ignored.
  ///   - name: What messages call it.
  /// - Returns: The image.
  /// - Throws: `ImageError.malformed`, `.badSize`.
  /// - Source: `Fixtures/images/jpeg.safetensors`.
  public static func decode(_ bytes: [UInt8], name: String = "the image") throws(ImageError) -> RGBImage {
    if bytes.isEmpty { throw .malformed(file: name, format: "JPEG", reason: "it is empty") }
    let format = PictureFormat(bytes)
    if format != .jpeg {
      let reason = format.map { "it is a \($0.rawValue) file" } ?? "it does not begin like one"
      throw .malformed(file: name, format: "JPEG", reason: reason)
    }
    return try unsafe bytes.span.bytes.withUnsafeBytes { (buffer) throws(ImageError) in
      let reader = try unsafe JPEGReader(buffer, name: name)
      return try reader.image()
    }
  }

  /// Reads the image in the file at `url`.
  ///
  /// - Parameter url: A JPEG file.
  /// - Returns: The image, as from `decode`.
  /// - Throws: `ImageError.unreadable`, `.malformed`, `.badSize`.
  public static func read(_ url: URL) throws(ImageError) -> RGBImage {
    let bytes: [UInt8]
    do { bytes = try FileBytes.read(url, limit: maximumByteCount) } catch { throw ImageError(error) }
    return try decode(bytes, name: url.shownPath)
  }
}

/// A JPEG file in memory while it is read; the bytes outlive it.
@safe private final class JPEGReader {
  private let reader: OpaquePointer
  private let name: String

  /// Reads up to the pixels.
  init(_ bytes: UnsafeRawBufferPointer, name: String) throws(ImageError) {
    self.name = name
    let start = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress
    var message = CMessage(capacity: Int(MOON_JPEG_MESSAGE_SIZE))
    let scans = Int32(JPEG.maximumScanCount)
    guard let reader = unsafe message.fill({ unsafe moon_jpeg_open(start, bytes.count, scans, $0) }) else {
      throw .malformed(file: name, format: "JPEG", reason: message.text)
    }
    unsafe self.reader = reader
  }

  deinit { unsafe moon_jpeg_close(reader) }

  /// Reads the pixels, and the rest of the file.
  func image() throws(ImageError) -> RGBImage {
    let (width, height) = unsafe (Int(moon_jpeg_width(reader)), Int(moon_jpeg_height(reader)))
    if !RGBImage.isSupported(width: width, height: height) {
      throw .badSize(file: name, width: width, height: height)
    }
    var message = CMessage(capacity: Int(MOON_JPEG_MESSAGE_SIZE))
    var isRead = false
    let byteCount = width * height * 3
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      isRead = unsafe message.fill { unsafe moon_jpeg_read(reader, buffer.baseAddress, $0) }
      count = isRead ? byteCount : 0
    }
    if !isRead { throw .malformed(file: name, format: "JPEG", reason: message.text) }
    return try RGBImage(width: width, height: height, pixels: pixels)
  }
}
