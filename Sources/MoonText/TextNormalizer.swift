/// CLIP's normaliser: form C, white space to single spaces, lower case.
enum TextNormalizer {
  /// `text` as the words are cut from it.
  ///
  /// Lower case is that of each scalar alone (no final sigma), and is not composed again.
  static func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    var isInSpace = false
    for scalar in CanonicalComposition.composed(text) {
      if scalar.properties.isWhitespace {
        if !isInSpace { result.append(" ") }
        isInSpace = true
        continue
      }
      isInSpace = false
      if scalar.isASCII {
        let isUpper = (0x41...0x5A).contains(scalar.value)
        result.append(isUpper ? Unicode.Scalar(UInt8(scalar.value) + 0x20) : scalar)
      } else {
        result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    return result
  }
}
