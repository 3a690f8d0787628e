/// A strict reader of JSON (RFC 8259).
///
/// Refuses what lenient readers pass over: invalid UTF-8, a key twice in one object, lone surrogates, text behind the
/// value, and nesting deeper than 64.
package struct JSONReader {
  /// What is wrong with a text, and where.
  package struct Problem: Error, Equatable, Sendable {
    /// Where it was noticed, counted in bytes from 0.
    package let byte: Int
    /// What was noticed, to be followed by "at byte N".
    package let text: String
  }

  private static let depthLimit = 64
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads the one value that `bytes` hold.
  package static func value(of bytes: [UInt8]) throws(Problem) -> JSONValue {
    if let byte = invalidUTF8(in: bytes) {
      throw Problem(byte: byte, text: "is not valid UTF-8")
    }
    var reader = JSONReader(bytes: bytes)
    reader.skipSpace()
    let value = try reader.value()
    reader.skipSpace()
    guard reader.position == bytes.count else { throw reader.problem("has more text behind its JSON value") }
    return value
  }

  private func problem(_ text: String) -> Problem {
    position == bytes.count ? cutOff : Problem(byte: position, text: text)
  }

  private var cutOff: Problem { Problem(byte: bytes.count, text: "ends in the middle of its JSON value") }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  /// Steps over `byte` if it comes next.
  private mutating func takes(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    position += 1
    return true
  }

  private mutating func value() throws(Problem) -> JSONValue {
    switch current {
    case UInt8(ascii: "{"): return try nested { (reader) throws(Problem) in .object(try reader.members()) }
    case UInt8(ascii: "["): return try nested { (reader) throws(Problem) in .list(try reader.items()) }
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "t"): return try word("true", .flag(true))
    case UInt8(ascii: "f"): return try word("false", .flag(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func nested(
    _ read: (inout JSONReader) throws(Problem) -> JSONValue
  ) throws(Problem) -> JSONValue {
    guard depth < Self.depthLimit else { throw problem("nests deeper than \(Self.depthLimit) values") }
    depth += 1
    position += 1
    let value = try read(&self)
    depth -= 1
    return value
  }

  private mutating func members() throws(Problem) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    var keys: Set<ByteKey> = []
    skipSpace()
    if takes(UInt8(ascii: "}")) { return members }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw problem("has no key") }
      let start = position
      let key = try text()
      guard keys.insert(ByteKey(bytes: key)).inserted else {
        throw Problem(byte: start, text: "has the key \(quoted(key)) twice in one object")
      }
      skipSpace()
      guard takes(UInt8(ascii: ":")) else { throw problem("has no colon behind a key") }
      skipSpace()
      members.append(JSONValue.Member(key: key, value: try value()))
      skipSpace()
      if takes(UInt8(ascii: "}")) { return members }
      guard takes(UInt8(ascii: ",")) else { throw problem("has no comma between two members") }
    }
  }

  private mutating func items() throws(Problem) -> [JSONValue] {
    var items: [JSONValue] = []
    skipSpace()
    if takes(UInt8(ascii: "]")) { return items }
    while true {
      skipSpace()
      items.append(try value())
      skipSpace()
      if takes(UInt8(ascii: "]")) { return items }
      guard takes(UInt8(ascii: ",")) else { throw problem("has no comma between two items") }
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(Problem) -> JSONValue {
    for byte in word.utf8 {
      guard takes(byte) else { throw problem("has an unknown word") }
    }
    return value
  }

  /// Reads `-? (0 | [1-9][0-9]*) (.[0-9]+)? ([eE][+-]?[0-9]+)?`.
  private mutating func number() throws(Problem) -> String {
    let start = position
    _ = takes(UInt8(ascii: "-"))
    if !takes(UInt8(ascii: "0")) { try digits() }
    if takes(UInt8(ascii: ".")) { try digits() }
    if takes(UInt8(ascii: "e")) || takes(UInt8(ascii: "E")) {
      if !takes(UInt8(ascii: "+")) { _ = takes(UInt8(ascii: "-")) }
      try digits()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws(Problem) {
    let start = position
    while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    guard position > start else { throw problem("has no value") }
  }

  /// Reads a text; the caller has seen its opening quotation mark.
  private mutating func text() throws(Problem) -> [UInt8] {
    position += 1
    var start = position
    var text: [UInt8] = []
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        text += bytes[start..<position]
        position += 1
        return text
      case UInt8(ascii: "\\"):
        text += bytes[start..<position]
        position += 1
        try escape(into: &text)
        start = position
      case 0..<0x20: throw problem("has a control character in a text")
      default: position += 1
      }
    }
    throw cutOff
  }

  private mutating func escape(into text: inout [UInt8]) throws(Problem) {
    guard let byte = current else { throw cutOff }
    let meaning: UInt8? =
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
      case UInt8(ascii: "b"): 0x08
      case UInt8(ascii: "f"): 0x0C
      case UInt8(ascii: "n"): 0x0A
      case UInt8(ascii: "r"): 0x0D
      case UInt8(ascii: "t"): 0x09
      default: nil
      }
    if let meaning {
      position += 1
      text.append(meaning)
      return
    }
    guard takes(UInt8(ascii: "u")) else { throw problem("has an unknown escape in a text") }
    var unit = UInt32(try codeUnit())
    if (0xD800..<0xDC00).contains(unit), takes(UInt8(ascii: "\\")) {
      guard takes(UInt8(ascii: "u")) else { throw problem("has half a surrogate pair in a text") }
      let low = UInt32(try codeUnit())
      guard (0xDC00..<0xE000).contains(low) else { throw problem("has half a surrogate pair in a text") }
      unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(unit) else { throw problem("has half a surrogate pair in a text") }
    text += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
  }

  private mutating func codeUnit() throws(Problem) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw problem("has an unknown escape in a text")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }
}

/// Where `bytes` stop being UTF-8, or nil.
func invalidUTF8(in bytes: [UInt8]) -> Int? {
  do throws(UTF8.ValidationError) {
    _ = try UTF8Span(validating: bytes.span)
    return nil
  } catch {
    return error.byteOffsets.lowerBound
  }
}
