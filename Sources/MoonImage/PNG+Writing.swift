internal import CPNG
public import Foundation
internal import MoonTensor

extension PNG {
  /// The file of `image`.
  ///
  /// Asks row by row whether to stop. A text that Latin-1 can hold becomes a `tEXt` chunk, any other an `iTXt` chunk in UTF-8, as PIL writes them; both are
  /// put before the pixels.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - text: Keywords (1 to 79 printable Latin-1 characters, no space at an end or beside another) and values (no NUL).
  ///   - isGrey: Whether to write grey levels instead of RGB; then no pixel may have a colour.
  /// - Returns: The bytes of a whole file.
  /// - Throws: `ImageError.badText`, `.notGrey`, `.unwritable`.
  public static func encode(
    _ image: RGBImage, text: [(keyword: String, value: String)] = [], isGrey: Bool = false
  ) throws(ImageError) -> [UInt8] {
    try encode(image, text: text, isGrey: isGrey, name: "the image")
  }

  /// Makes or replaces the file at `url`, which appears whole or not at all.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - url: The file to make or to replace; a link of that name is replaced, not followed.
  ///   - text: As for `encode`.
  ///   - isGrey: As for `encode`.
  /// - Throws: `ImageError.unwritable`, `.badText`, `.notGrey`.
  public static func write(
    _ image: RGBImage, to url: URL, text: [(keyword: String, value: String)] = [], isGrey: Bool = false
  ) throws(ImageError) {
    let bytes = try encode(image, text: text, isGrey: isGrey, name: url.shownPath)
    do { try AtomicFile.write(bytes, to: url) } catch { throw ImageError(error) }
  }

  private static func encode(
    _ image: RGBImage, text: [(keyword: String, value: String)], isGrey: Bool, name: String
  ) throws(ImageError) -> [UInt8] {
    if isGrey && !image.isGrey { throw .notGrey }
    let pixels = isGrey ? stride(from: 0, to: image.pixels.count, by: 3).map { image.pixels[$0] } : image.pixels
    let texts = PNGTexts()
    for (keyword, value) in text { try texts.append(keyword: keyword, value: value) }
    var message = PNGMessage()
    var file = unsafe moon_png_file()
    let stop = StopQuestion(TensorEnvironment.current)
    let isWritten = unsafe message.fill { place in
      unsafe moon_png_write(
        pixels, UInt32(image.width), UInt32(image.height), isGrey ? 1 : 3, texts.list, texts.list.count,
        { context in unsafe StopQuestion.isYes(context) }, Unmanaged.passUnretained(stop).toOpaque(), &file, place)
    }
    extendLifetime(stop)
    defer { unsafe moon_png_free(&file) }
    if !isWritten { throw .unwritable(file: name, reason: message.text) }
    return unsafe Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
  }
}

/// Whether the environment asks to stop, in a form that C can hand back.
private final class StopQuestion {
  private let environment: TensorEnvironment

  init(_ environment: TensorEnvironment) { self.environment = environment }

  /// The answer of the question behind `context`.
  static func isYes(_ context: UnsafeMutableRawPointer?) -> Bool {
    guard let context = unsafe context else { return false }
    return unsafe Unmanaged<StopQuestion>.fromOpaque(context).takeUnretainedValue().environment.shouldStop?() ?? false
  }
}

/// Texts in the form that the C functions take; their memory goes with this object.
@safe private final class PNGTexts {
  private(set) var list: [moon_png_text] = unsafe []

  deinit {
    for index in unsafe list.indices {
      unsafe list[index].keyword.deallocate()
      unsafe list[index].text.deallocate()
    }
  }

  func append(keyword: String, value: String) throws(ImageError) {
    guard let keywordBytes = latin1(keyword), (1...79).contains(keywordBytes.count),
      keywordBytes.allSatisfy({ 32...126 ~= $0 || $0 >= 161 })
    else {
      throw .badText(keyword: keyword, reason: "needs a name of 1 to 79 printable Latin-1 characters")
    }
    if keyword.hasPrefix(" ") || keyword.hasSuffix(" ") || keyword.contains("  ") {
      throw .badText(keyword: keyword, reason: "has a name with a space too many")
    }
    if value.utf8.contains(0) { throw .badText(keyword: keyword, reason: "holds a NUL character") }
    let plain = latin1(value)
    let bytes = plain ?? Array(value.utf8)
    unsafe list.append(
      moon_png_text(
        keyword: copy(keywordBytes), text: copy(bytes), text_length: bytes.count, is_utf8: plain == nil))
  }

  /// The bytes of `text` in Latin-1, or `nil` when it has other characters.
  private func latin1(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else { return nil }
      result.append(byte)
    }
    return result
  }

  /// `bytes` and a zero byte.
  private func copy(_ bytes: [UInt8]) -> UnsafePointer<CChar> {
    let memory = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
    for (index, byte) in bytes.enumerated() { unsafe memory[index] = CChar(bitPattern: byte) }
    unsafe memory[bytes.count] = 0
    return unsafe UnsafePointer(memory)
  }
}
