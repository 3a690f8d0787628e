internal import CPNG
internal import Foundation
internal import MoonTensor

/// A PNG file in memory while it is read; the bytes outlive it.
@safe final class PNGReader {
  private let reader: OpaquePointer
  private let name: String

  /// Reads up to the pixels.
  init(_ bytes: UnsafeRawBufferPointer, name: String) throws(ImageError) {
    self.name = name
    let limits = moon_png_limits(
      side: UInt32(RGBImage.maximumSide), chunks: 1024, chunk_byte_count: 8 << 20)
    let start = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress
    var message = CMessage(capacity: Int(MOON_PNG_MESSAGE_SIZE))
    guard let reader = unsafe message.fill({ unsafe moon_png_open(start, bytes.count, limits, $0) }) else {
      throw .malformed(file: name, reason: message.text)
    }
    unsafe self.reader = reader
  }

  deinit { unsafe moon_png_close(reader) }

  var width: Int { Int(unsafe moon_png_width(reader)) }
  var height: Int { Int(unsafe moon_png_height(reader)) }

  /// Reads the pixels as RGB or RGBA, and the rest of the file.
  func pixels(hasAlpha: Bool) throws(ImageError) -> [UInt8] {
    var message = CMessage(capacity: Int(MOON_PNG_MESSAGE_SIZE))
    var isRead = false
    let byteCount = width * height * (hasAlpha ? 4 : 3)
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      isRead = unsafe message.fill { unsafe moon_png_read(reader, buffer.baseAddress, hasAlpha, $0) }
      count = isRead ? byteCount : 0
    }
    if !isRead { throw .malformed(file: name, reason: message.text) }
    return pixels
  }

  /// Reads the rest of the file without its pixels.
  func skipPixels() throws(ImageError) {
    var message = CMessage(capacity: Int(MOON_PNG_MESSAGE_SIZE))
    if !(unsafe message.fill { unsafe moon_png_skip(reader, $0) }) {
      throw .malformed(file: name, reason: message.text)
    }
  }

  /// The texts read so far.
  func texts() throws(ImageError) -> [(keyword: String, value: String)] {
    var result: [(keyword: String, value: String)] = []
    for index in 0..<(unsafe moon_png_text_count(reader)) {
      let text = unsafe moon_png_text_at(reader, index)
      guard let keywordStart = unsafe text.keyword, let start = unsafe text.text else { continue }
      let keyword = unsafe latin1(UnsafeRawBufferPointer(start: keywordStart, count: strlen(keywordStart)))
      let bytes = unsafe UnsafeRawBufferPointer(start: start, count: text.text_length)
      if unsafe text.is_utf8 {
        guard let value = unsafe String(validating: bytes, as: UTF8.self) else {
          throw .malformed(file: name, reason: "its text \"\(keyword.shown)\" is not UTF-8")
        }
        result.append((keyword, value))
      } else {
        result.append((keyword, unsafe latin1(bytes)))
      }
    }
    return result
  }

  /// The text of Latin-1 bytes.
  private func latin1(_ bytes: UnsafeRawBufferPointer) -> String {
    var result = ""
    for index in bytes.indices { result.unicodeScalars.append(Unicode.Scalar(unsafe bytes[index])) }
    return result
  }
}
