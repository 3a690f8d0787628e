public import Foundation
internal import MoonTensor

extension RGBImage {
  /// Reads the picture in the file at `url`, PNG or JPEG whatever its name says, as diffusers' `load_image` does.
  ///
  /// The picture is turned as its EXIF data say, transparency is dropped, and grey levels are repeated.
  ///
  /// - Parameter url: A PNG or JPEG file.
  /// - Throws: `ImageError.unreadable`, `.malformed`, `.badSize`.
  /// - Source: `Fixtures/images/jpeg.safetensors`.
  public init(contentsOf url: URL) throws(ImageError) {
    let bytes: [UInt8]
    do { bytes = try FileBytes.read(url, limit: PNG.maximumByteCount) } catch { throw ImageError(error) }
    try self.init(file: bytes, name: url.shownPath)
  }

  /// Reads the picture in `bytes`, PNG or JPEG, as from a file.
  ///
  /// - Parameters:
  ///   - bytes: A whole file.
  ///   - name: What messages call it.
  /// - Throws: `ImageError.malformed`, `.badSize`.
  public init(file bytes: [UInt8], name: String = "the image") throws(ImageError) {
    let format = PictureFormat(bytes)
    let image: RGBImage
    switch format {
    case .png: image = try PNG.decode(bytes, name: name)
    case .jpeg: image = try JPEG.decode(bytes, name: name)
    default:
      let reason =
        bytes.isEmpty ? "it is empty" : format.map { "it is a \($0.rawValue) file" } ?? "it begins like neither"
      throw .malformed(file: name, format: "PNG or JPEG", reason: reason)
    }
    self = try image.turned(Orientation(metadata: bytes, format: format ?? .png))
  }
}
