extension CLIPTokenizer.Encoding {
  /// What the tokens that are left out stand for, as the model would have read it: in lower case, one space between
  /// words.
  package var cutText: String {
    var bytes: [UInt8] = []
    for token in cutTokens {
      let isWordEnd = token.utf8.suffix(ByteAlphabet.endOfWord.count).elementsEqual(ByteAlphabet.endOfWord)
      let scalars = token.unicodeScalars.dropLast(isWordEnd ? ByteAlphabet.endOfWord.count : 0)
      for scalar in scalars {
        if let byte = Self.bytes[scalar] { bytes.append(byte) } else { bytes += Array(String(scalar).utf8) }
      }
      if isWordEnd { bytes.append(UInt8(ascii: " ")) }
    }
    if bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The byte that each character of a byte-level vocabulary writes.
  private static let bytes: [Unicode.Scalar: UInt8] = {
    var result: [Unicode.Scalar: UInt8] = [:]
    for (byte, character) in ByteAlphabet.characters.enumerated() {
      if let scalar = String(decoding: character, as: UTF8.self).unicodeScalars.first { result[scalar] = UInt8(byte) }
    }
    return result
  }()
}
