/// CLIP's pre-tokenizer: special tokens, English contractions, runs of letters, single digits, runs of anything else.
///
/// Letters and numbers are those of Unicode 16, which the reference's regular expressions know; later ones are
/// "anything else".
struct WordSplitter {
  /// What the regular expression of the reference sees in a scalar.
  private enum Kind {
    case letter, number, space, other
  }

  private static let contractions: [[Unicode.Scalar]] = ["s", "t", "re", "ve", "m", "ll", "d"].map {
    Array($0.unicodeScalars)
  }
  private static let markers: [[Unicode.Scalar]] = ["startoftext", "endoftext"].map { Array($0.unicodeScalars) }

  private let text: [Unicode.Scalar]

  /// The words of `text`, which is normalised.
  static func words(of text: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
    let splitter = WordSplitter(text: text)
    var words: [ArraySlice<Unicode.Scalar>] = []
    var start = 0
    while start < text.count {
      if let marker = splitter.marker(at: start) {
        // Found whole, then cut by the second expression, which does not know it.
        words += [text[start..<start + 2], text[start + 2..<marker - 2], text[marker - 2..<marker]]
        start = marker
        continue
      }
      let end = splitter.end(at: start)
      if splitter.kind(start) != .space { words.append(text[start..<end]) }
      start = end
    }
    return words
  }

  private func end(at start: Int) -> Int {
    if text[start] == "'" {
      for letters in Self.contractions where has(letters, at: start + 1) { return start + 1 + letters.count }
    }
    let kind = kind(start)
    var end = start + 1
    guard kind != .number else { return end }
    while end < text.count, self.kind(end) == kind { end += 1 }
    return end
  }

  /// Where `<|startoftext|>` or `<|endoftext|>` ends that begins at `start`; nil if neither does.
  private func marker(at start: Int) -> Int? {
    guard has(["<", "|"], at: start) else { return nil }
    for name in Self.markers where has(name + ["|", ">"], at: start + 2) { return start + name.count + 4 }
    return nil
  }

  private func has(_ scalars: [Unicode.Scalar], at start: Int) -> Bool {
    text.dropFirst(start).starts(with: scalars)
  }

  private func kind(_ index: Int) -> Kind {
    let scalar = text[index]
    switch scalar.value {
    case 0x61...0x7A, 0x41...0x5A: return .letter
    case 0x30...0x39: return .number
    default: break
    }
    let properties = scalar.properties
    if properties.isWhitespace { return .space }
    let kind: Kind
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: kind = .letter
    case .decimalNumber, .letterNumber, .otherNumber: kind = .number
    default: return .other
    }
    guard let age = properties.age, age.major <= 16 else { return .other }
    return kind
  }
}
