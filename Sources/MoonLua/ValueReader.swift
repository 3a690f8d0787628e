import CLua

/// The flat list that C made of Lua values, read into Swift values. Valid during the callback that got the list.
@safe struct ValueReader {
  private let values: UnsafeBufferPointer<moon_value>
  private let state: LuaState
  private var position = 0

  private init(_ values: UnsafeBufferPointer<moon_value>, _ state: LuaState) {
    unsafe self.values = values
    self.state = state
  }

  /// All values of the top level.
  static func read(_ list: moon_list, state: LuaState) -> [LuaValue] {
    var reader = unsafe ValueReader(UnsafeBufferPointer(start: list.values, count: list.count), state)
    return unsafe (0..<list.top).map { _ in reader.next() }
  }

  private mutating func next() -> LuaValue {
    guard unsafe position < values.count else { return .nil }
    let entry = unsafe values[position]
    position += 1
    switch unsafe entry.kind {
    case MOON_NIL: return .nil
    case MOON_BOOLEAN: return unsafe .boolean(entry.integer != 0)
    case MOON_INTEGER: return unsafe .integer(entry.integer)
    case MOON_NUMBER: return unsafe .number(entry.number)
    case MOON_STRING: return unsafe .string(LuaString(Self.bytes(entry.bytes, count: Int(entry.count))))
    case MOON_FUNCTION: return unsafe .function(LuaFunction(reference: entry.integer, state: state))
    case MOON_HANDLE: return unsafe .handle(LuaHandle(kind: entry.handle_kind, id: entry.handle))
    case MOON_TABLE: return unsafe table(items: Int(entry.count), pairs: Int(clamping: entry.offset))
    default: return .other
    }
  }

  private mutating func table(items: Int, pairs: Int) -> LuaValue {
    var table = LuaTable()
    table.list.reserveCapacity(items)
    for _ in 0..<items { table.list.append(next()) }
    table.fields.reserveCapacity(pairs)
    for _ in 0..<pairs {
      let key = next()
      table.fields.append(LuaTable.Field(key: key, value: next()))
    }
    return .table(table)
  }

  /// A copy of bytes that Lua owns.
  static func bytes(_ start: UnsafePointer<CChar>?, count: Int) -> [UInt8] {
    guard let start = unsafe start else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
  }
}
