internal import MoonTensor

/// What can be wrong with an image or its file.
public enum ImageError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be read; `reason` is the system's.
  case unreadable(file: String, reason: String)
  /// The file cannot be written; what was there before is still there.
  case unwritable(file: String, reason: String)
  /// The bytes are no file of this format, or a broken one.
  case malformed(file: String, format: String = "PNG", reason: String)
  /// The file holds more pixels than are read, or none.
  case badSize(file: String, width: Int, height: Int)
  /// An image of this size is not made.
  case unsupportedSize(width: Int, height: Int)
  /// The bytes given for an image are not three a pixel.
  case byteCount(found: Int, wanted: Int)
  /// A text that a PNG cannot hold.
  case badText(keyword: String, reason: String)
  /// The image is to be written as grey levels, but has colours.
  case notGrey
  /// A mask that selects nothing.
  case emptyMask
  /// Two images that belong together have different sizes.
  case differentSize(name: String, found: [Int], wanted: [Int])
  /// A setting of an image processor that is out of range.
  case badSetting(name: String, reason: String)
  /// A tensor whose shape is not an image's.
  case badShape(found: [Int], wanted: String)
  /// A tensor with NaN at `position`.
  case notANumber(position: [Int])
  /// A tensor cannot be read, for example because memory ran out.
  case tensor(String)

  /// One sentence that names the file, where there is one.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
    case .unwritable(let file, let reason): "\(file) cannot be written: \(reason)"
    case .malformed(let file, let format, let reason): "\(file) is not a valid \(format) file: \(reason)"
    case .badSize(let file, let width, let height):
      "\(file) is \(width) x \(height) pixels; images have 1 to \(RGBImage.maximumSide) pixels a side and at most "
        + "\(RGBImage.maximumPixelCount) in all"
    case .unsupportedSize(let width, let height):
      "an image of \(width) x \(height) pixels is not supported; images have 1 to \(RGBImage.maximumSide) pixels a side "
        + "and at most \(RGBImage.maximumPixelCount) in all"
    case .byteCount(let found, let wanted): "the image has \(found) bytes, wanted \(wanted)"
    case .badText(let keyword, let reason): "the PNG text \"\(keyword.shown)\" \(reason)"
    case .notGrey: "the image has colours, so it cannot be written as grey levels"
    case .emptyMask: "the mask selects nothing: it is black everywhere"
    case .differentSize(let name, let found, let wanted):
      "\(name) is \(text(found)) pixels, wanted \(text(wanted))"
    case .badSetting(let name, let reason): "\(name) \(reason)"
    case .badShape(let found, let wanted): "the tensor has the shape \(TensorError.text(found)), wanted \(wanted)"
    case .notANumber(let position): "the tensor has NaN at \(TensorError.text(position)), so it is no image"
    case .tensor(let reason): reason
    }
  }

  /// `width x height`.
  private func text(_ size: [Int]) -> String { size.map(String.init).joined(separator: " x ") }

  init(_ error: FileError) {
    switch error {
    case .unreadable(let file, let reason): self = .unreadable(file: file, reason: reason)
    case .unwritable(let file, let reason): self = .unwritable(file: file, reason: reason)
    }
  }
}
