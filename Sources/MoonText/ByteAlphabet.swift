/// The printable characters by which a byte-level vocabulary writes bytes.
enum ByteAlphabet {
  /// Ends the last token of a word.
  static let endOfWord = Array("</w>".utf8)

  /// UTF-8 of the character of each byte: the byte itself if it is printable in Latin-1, else one from U+0100 on.
  static let characters: [[UInt8]] = {
    var next: UInt32 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Array(String(Unicode.Scalar(byte)).utf8)
      default:
        defer { next += 1 }
        return Unicode.Scalar(next).map { Array(String($0).utf8) } ?? []
      }
    }
  }()
}
