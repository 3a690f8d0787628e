internal import MoonLua

/// The options of a plugin as a JSON object: names with numbers, texts, true or false, or lists of numbers.
///
/// What an option cannot hold is refused where it stands, and so is a name that comes twice.
package struct OptionObject {
  /// A value as JSON has it.
  enum Value: Equatable {
    case number(Double)
    /// A number without a fraction or exponent that fits.
    case integer(Int64)
    case boolean(Bool)
    case string(String)
    case numbers([Double])
  }

  /// What is wrong with the text, as the end of a sentence.
  struct Fault: Error {
    let detail: String
  }

  /// The members, in the order of the text.
  private(set) var members: [(name: String, value: Value)] = []
  /// The most members; no plugin has a use for more options.
  package static let most = 1_024
  private let bytes: [UInt8]
  private var place = 0

  /// Reads `text`.
  init(_ text: String) throws(Fault) {
    bytes = Array(text.utf8)
    // As bytes: texts are slow to compare as people read them.
    var names: Set<[UInt8]> = []
    try expect("{")
    if !take("}") {
      repeat {
        let name = try string("a name in quotation marks")
        if name.utf8.count > LuaString.longestName {
          throw Fault(detail: "the name of an option is longer than \(LuaString.longestName) bytes")
        }
        if !names.insert(Array(name.utf8)).inserted {
          throw Fault(detail: "option '\(PluginText.escaped(name))' is given twice")
        }
        if names.count > Self.most { throw Fault(detail: "there are more than \(Self.most) options") }
        try expect(":")
        members.append((name, try value(of: name)))
      } while take(",")
      try expect("}")
    }
    skipSpace()
    if place < bytes.count { throw fault("nothing after the closing brace") }
  }

  private func fault(_ wanted: String) -> Fault {
    Fault(detail: "the options are not a JSON object: at byte \(place + 1), wanted \(wanted)")
  }

  private mutating func skipSpace() {
    while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
  }

  /// Takes `sign` when it comes next.
  private mutating func take(_ sign: Unicode.Scalar) -> Bool {
    skipSpace()
    guard place < bytes.count, bytes[place] == UInt8(ascii: sign) else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ sign: Unicode.Scalar) throws(Fault) {
    if !take(sign) { throw fault("'\(sign)'") }
  }

  private mutating func value(of name: String) throws(Fault) -> Value {
    skipSpace()
    guard place < bytes.count else { throw fault("a value") }
    switch bytes[place] {
    case UInt8(ascii: "\""): return .string(try string("a text"))
    case UInt8(ascii: "["): return .numbers(try list())
    case UInt8(ascii: "{"), UInt8(ascii: "n"):
      throw Fault(
        detail: "option '\(PluginText.escaped(name))' must be a number, a text, true, false or a list of numbers")
    case UInt8(ascii: "t"), UInt8(ascii: "f"):
      for (word, flag) in [("true", true), ("false", false)] where bytes[place...].starts(with: word.utf8) {
        place += word.utf8.count
        return .boolean(flag)
      }
      throw fault("true or false")
    default: return try number()
    }
  }

  private mutating func list() throws(Fault) -> [Double] {
    try expect("[")
    var numbers: [Double] = []
    if take("]") { return numbers }
    repeat {
      skipSpace()
      switch try number() {
      case .integer(let number): numbers.append(Double(number))
      case .number(let number): numbers.append(number)
      default: throw fault("a number")
      }
    } while take(",")
    try expect("]")
    return numbers
  }

  /// A number by JSON's grammar.
  private mutating func number() throws(Fault) -> Value {
    let start = place
    var isWhole = true
    func isDigit(at index: Int) -> Bool { index < bytes.count && (0x30...0x39).contains(bytes[index]) }
    func skipDigits() throws(Fault) {
      if !isDigit(at: place) { throw fault("a number") }
      while isDigit(at: place) { place += 1 }
    }
    if place < bytes.count, bytes[place] == UInt8(ascii: "-") { place += 1 }
    if place < bytes.count, bytes[place] == UInt8(ascii: "0"), isDigit(at: place + 1) { throw fault("no leading zero") }
    try skipDigits()
    if place < bytes.count, bytes[place] == UInt8(ascii: ".") {
      isWhole = false
      place += 1
      try skipDigits()
    }
    if place < bytes.count, bytes[place] | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      place += 1
      if place < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[place]) { place += 1 }
      try skipDigits()
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if isWhole, let number = Int64(text) { return .integer(number) }
    guard let number = Double(text), number.isFinite else { throw fault("a number that fits") }
    return .number(number)
  }

  private mutating func string(_ wanted: String) throws(Fault) -> String {
    skipSpace()
    guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw fault(wanted) }
    place += 1
    var units: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      if byte < 0x20 { throw fault("no control character in a text") }
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
      case UInt8(ascii: "\\"): units += try escape()
      default: units.append(byte)
      }
    }
    throw fault("the end of a text")
  }

  /// The letter behind a backslash.
  private mutating func escape() throws(Fault) -> [UInt8] {
    guard place < bytes.count else { throw fault("the end of a text") }
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var units = [try unit()]
      if UTF16.isLeadSurrogate(units[0]), bytes[place...].starts(with: "\\u".utf8) {
        place += 2
        units.append(try unit())
      }
      guard let text = String(validating: units, as: UTF16.self) else { throw fault("a letter") }
      return Array(text.utf8)
    default: throw fault("an escape that JSON knows")
    }
  }

  /// Four hexadecimal digits.
  private mutating func unit() throws(Fault) -> UInt16 {
    let digits = bytes[place...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw fault("four hexadecimal digits") }
    place += 4
    return unit
  }
}
