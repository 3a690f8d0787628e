/// Text of scripts made fit to be shown.
package enum LuaText {
  /// Bytes of a script as one line of text: control characters, marks that change the reading direction and invalid UTF-8
  /// are escaped, and what is longer than `limit` bytes is cut.
  ///
  /// - Parameters:
  ///   - bytes: The text as the script made it.
  ///   - limit: Bytes to show at most, before escapes; the rest becomes an ellipsis.
  ///   - keepsTabs: Whether a tab stays what it is.
  /// - Returns: Text without line ends or terminal escapes.
  package static func shown(_ bytes: some Collection<UInt8>, limit: Int = 4096, keepsTabs: Bool = false) -> String {
    let kept = Array(bytes.prefix(limit))
    var text = ""
    var position = 0
    while position < kept.count {
      let end = position + scalarLength(kept[position])
      if end <= kept.count, let scalar = String(validating: kept[position..<end], as: UTF8.self)?.unicodeScalars.first {
        append(scalar, to: &text, keepsTabs: keepsTabs)
        position = end
      } else if end > kept.count, kept.count < bytes.count {
        break  // cut within a letter
      } else {
        text += "\\x" + hexadecimal(UInt32(kept[position]), digits: 2)
        position += 1
      }
    }
    return kept.count < bytes.count ? text + "…" : text
  }

  /// The same for text.
  package static func shown(_ text: String, limit: Int = 4096, keepsTabs: Bool = false) -> String {
    shown(text.utf8, limit: limit, keepsTabs: keepsTabs)
  }

  /// How many bytes a letter has that begins with this one; 1 for what begins none.
  private static func scalarLength(_ lead: UInt8) -> Int {
    switch lead {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }

  private static func append(_ scalar: Unicode.Scalar, to text: inout String, keepsTabs: Bool) {
    switch scalar.value {
    case 0x09 where keepsTabs: text.unicodeScalars.append(scalar)
    case 0x09: text += "\\t"
    case 0x0A: text += "\\n"
    case 0x0D: text += "\\r"
    case 0..<0x20, 0x7F..<0xA0: text += "\\x" + hexadecimal(scalar.value, digits: 2)
    case 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF:
      text += "\\u{" + hexadecimal(scalar.value, digits: 4) + "}"
    default: text.unicodeScalars.append(scalar)
    }
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
