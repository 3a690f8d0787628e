/// What is wrong with a JSON text, and where.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Line, from 1.
  package let line: Int
  /// Byte in the line, from 1.
  package let column: Int
  /// What was found or wanted.
  package let reason: String

  package var description: String { "line \(line), column \(column): \(reason)" }
}

/// A strict, bounded reader of JSON texts (RFC 8259): names are unique, text is valid UTF-8, and a hostile text costs
/// no more than the limits allow.
package struct JSONReader {
  /// Bounds on a text, and what it may hold beyond the standard.
  package struct Limits: Sendable {
    /// The deepest nesting of lists and objects.
    package var depth = 32
    /// The most values, nested ones counted.
    package var values = 4_000_000
    /// Whether `Infinity` and `-Infinity` are numbers, as Python writes them.
    package var allowsInfinity = false

    /// Creates the default limits.
    package init(depth: Int = 32, values: Int = 4_000_000, allowsInfinity: Bool = false) {
      self.depth = depth
      self.values = values
      self.allowsInfinity = allowsInfinity
    }
  }

  private let bytes: [UInt8]
  private let limits: Limits
  private var position = 0
  private var depth = 0
  private var values = 0

  /// The value of a whole text.
  package static func parse(_ bytes: [UInt8], limits: Limits = Limits()) throws(JSONError) -> JSONValue {
    var reader = JSONReader(bytes: bytes, limits: limits)
    let value = try reader.value()
    reader.skipSpace()
    if reader.position < bytes.count { throw reader.error("unexpected text after the end") }
    return value
  }

  private init(bytes: [UInt8], limits: Limits) {
    self.bytes = bytes
    self.limits = limits
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func error(_ reason: String, at place: Int? = nil) -> JSONError {
    let end = min(place ?? position, bytes.count)
    var line = 1
    var lineStart = 0
    for index in 0..<end where bytes[index] == UInt8(ascii: "\n") {
      line += 1
      lineStart = index + 1
    }
    return JSONError(line: line, column: end - lineStart + 1, reason: reason)
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    values += 1
    if values > limits.values { throw error("more than \(limits.values) values") }
    skipSpace()
    guard let next else { throw error("the text ends where a value should stand") }
    switch next {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["): return .array(try array())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: return try word()
    }
  }

  private mutating func open() throws(JSONError) {
    if depth == limits.depth { throw error("nested deeper than \(limits.depth) levels") }
    depth += 1
    position += 1
    skipSpace()
  }

  /// After an element: true when another one follows.
  private mutating func continues(until end: Unicode.Scalar) throws(JSONError) -> Bool {
    skipSpace()
    if next == UInt8(ascii: ",") {
      position += 1
      skipSpace()
      return true
    }
    if next == UInt8(ascii: end) {
      position += 1
      depth -= 1
      return false
    }
    throw error("expected \",\" or \"\(end)\"")
  }

  private mutating func array() throws(JSONError) -> [JSONValue] {
    try open()
    if next == UInt8(ascii: "]") {
      position += 1
      depth -= 1
      return []
    }
    var result: [JSONValue] = []
    repeat { result.append(try value()) } while try continues(until: "]")
    return result
  }

  private mutating func object() throws(JSONError) -> JSONObject {
    try open()
    var result = JSONObject()
    if next == UInt8(ascii: "}") {
      position += 1
      depth -= 1
      return result
    }
    repeat {
      let start = position
      if next != UInt8(ascii: "\"") { throw error("expected a name in quotes") }
      let key = try string()
      skipSpace()
      if next != UInt8(ascii: ":") { throw error("expected \":\"") }
      position += 1
      if !result.add(try value(), for: key) { throw error("the name \(JSONValue.string(key).shown) twice", at: start) }
    } while try continues(until: "}")
    return result
  }

  private mutating func word() throws(JSONError) -> JSONValue {
    let words: [(StaticString, JSONValue)] = [("true", .bool(true)), ("false", .bool(false)), ("null", .null)]
    for (text, value) in words where skip(text) { return value }
    if limits.allowsInfinity && skip("Infinity") { return .number(.infinity) }
    if skip("NaN") || skip("Infinity") { throw error("not a finite number") }
    throw error("expected a value")
  }

  private mutating func skip(_ text: StaticString) -> Bool {
    let word = Array(text.description.utf8)
    if !bytes[position...].starts(with: word) { return false }
    position += word.count
    return true
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = next, byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") { position += 1 }
    if position == start { throw error("expected a digit") }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    if position > start && limits.allowsInfinity && skip("Infinity") { return .number(-.infinity) }
    let firstDigit = position
    try digits()
    if bytes[firstDigit] == UInt8(ascii: "0") && position > firstDigit + 1 {
      throw error("a number begins with 0", at: start)
    }
    var isInteger = true
    if next == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    if position - start > 400 { throw error("a number with more than 400 characters", at: start) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw error("the number is too large", at: start) }
    return .number(value)
  }

  private mutating func string() throws(JSONError) -> String {
    let start = position
    position += 1
    var plain: [UInt8] = []
    while true {
      guard let byte = next else { throw error("the text ends inside quotes") }
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: plain, as: UTF8.self) else { throw error("not UTF-8", at: start) }
        return text
      case UInt8(ascii: "\\"): try escape(into: &plain)
      case 0..<0x20: throw error("a control character inside quotes", at: position - 1)
      default: plain.append(byte)
      }
    }
  }

  private mutating func escape(into plain: inout [UInt8]) throws(JSONError) {
    let start = position - 1
    guard let byte = next else { throw error("the text ends inside quotes") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain.append(byte)
    case UInt8(ascii: "b"): plain.append(0x08)
    case UInt8(ascii: "f"): plain.append(0x0C)
    case UInt8(ascii: "n"): plain.append(0x0A)
    case UInt8(ascii: "r"): plain.append(0x0D)
    case UInt8(ascii: "t"): plain.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal(from: start)
      if code & 0xFC00 == 0xD800, bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
        position += 2
        let low = try hexadecimal(from: start)
        if low & 0xFC00 != 0xDC00 { throw error("half of a surrogate pair", at: start) }
        code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair", at: start) }
      plain.append(contentsOf: String(Character(scalar)).utf8)
    default: throw error("unknown escape", at: start)
    }
  }

  private mutating func hexadecimal(from start: Int) throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error("expected four hexadecimal digits after \\u", at: start)
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
