/// A value that crosses between Swift and a script. A script's table arrives as a copy, a function as a reference.
package enum LuaValue: Equatable, ExpressibleByStringLiteral {
  case `nil`
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  case string(LuaString)
  case table(LuaTable)
  case function(LuaFunction)
  case handle(LuaHandle)
  /// What has no meaning outside Lua: a coroutine, or a table used as a key.
  case other

  package init(stringLiteral value: String) { self = .string(value) }

  /// The text as a Lua string.
  package static func string(_ text: String) -> LuaValue { .string(LuaString(text)) }
  /// A list of values as a table.
  package static func list(_ values: [LuaValue]) -> LuaValue { .table(LuaTable(list: values)) }

  /// Whether this is `nil`.
  package var isNil: Bool { self == .nil }

  /// An integer or a float as a number; strings are not converted.
  package var asNumber: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// An integer, or a float without a fraction that fits.
  package var asInteger: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The truth value, when it is one; other values are not converted.
  package var asBoolean: Bool? {
    if case .boolean(let value) = self { value } else { nil }
  }

  /// The text of a string that is valid UTF-8.
  package var asText: String? {
    if case .string(let value) = self { value.text } else { nil }
  }

  /// The text of a string that can name something: valid UTF-8 of at most 256 bytes.
  ///
  /// Names are looked up by this and not by `asText`: Swift compares texts as people read them, for which it orders the
  /// marks on each letter, and a script's text may be megabytes of marks.
  package var asName: String? {
    if case .string(let value) = self, value.bytes.count <= LuaString.longestName { value.text } else { nil }
  }

  /// The table, when it is one.
  package var asTable: LuaTable? {
    if case .table(let value) = self { value } else { nil }
  }

  /// The function, when it is one.
  package var asFunction: LuaFunction? {
    if case .function(let value) = self { value } else { nil }
  }

  /// The handle, when it is one.
  package var asHandle: LuaHandle? {
    if case .handle(let value) = self { value } else { nil }
  }

  /// The type's name as Lua's `type` says it.
  package var typeName: String {
    switch self {
    case .nil: "nil"
    case .boolean: "boolean"
    case .integer, .number: "number"
    case .string: "string"
    case .table: "table"
    case .function: "function"
    case .handle: "userdata"
    case .other: "other"
    }
  }
}

/// A Lua string: bytes, which need not be UTF-8.
package struct LuaString: Hashable, Sendable, ExpressibleByStringLiteral {
  /// The most bytes of a name.
  package static let longestName = 256
  /// The bytes as they are.
  package var bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }
  package init(_ text: String) { bytes = Array(text.utf8) }
  package init(stringLiteral value: String) { self.init(value) }

  /// The text, when the bytes are valid UTF-8.
  package var text: String? { String(validating: bytes, as: UTF8.self) }
}

/// What a script holds instead of something of the host: a kind and a number, no pointer.
package struct LuaHandle: Hashable, Sendable {
  /// The kind, as given to `LuaSandbox.defineHandleType(_:)`.
  package var kind: UInt16
  /// The host's number for it, its generation included if it has one.
  package var id: UInt64

  package init(kind: UInt16, id: UInt64) {
    self.kind = kind
    self.id = id
  }
}

/// A function of a script, kept alive as long as this object or the sandbox lives.
package final class LuaFunction: Equatable {
  let reference: Int64
  private let state: LuaState

  init(reference: Int64, state: LuaState) {
    self.reference = reference
    self.state = state
  }

  deinit { state.release(reference) }

  /// Whether this function belongs to the state.
  func belongs(to other: LuaState) -> Bool { state === other }

  package static func == (left: LuaFunction, right: LuaFunction) -> Bool { left === right }
}
