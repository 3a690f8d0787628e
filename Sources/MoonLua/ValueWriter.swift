import CLua

/// Swift values as the flat list that C pushes onto Lua's stack. The memory is its own and stays until the next list.
@safe final class ValueWriter {
  private static let deepest = 30
  private static let keptBytes = 1 << 16

  private var values: UnsafeMutablePointer<moon_value>
  private var capacity = 64
  private var count = 0
  private var text: UnsafeMutablePointer<CChar>
  private var textCapacity = 1024
  private var textCount = 0

  init() {
    unsafe values = .allocate(capacity: capacity)
    unsafe text = .allocate(capacity: textCapacity)
  }

  deinit {
    unsafe values.deallocate()
    unsafe text.deallocate()
  }

  /// The list for these values. Handles that are written are told to `onHandle`.
  func list(_ items: [LuaValue], onHandle: (LuaHandle) -> Void) -> moon_list {
    empty()
    for item in items { write(item, depth: 0, onHandle: onHandle) }
    return unsafe moon_list(values: values, count: count, top: items.count, text: text, text_count: textCount)
  }

  /// A list that holds a text and no values.
  func list(text bytes: some Collection<UInt8>) -> moon_list {
    empty()
    _ = append(bytes)
    return unsafe moon_list(values: values, count: 0, top: 0, text: text, text_count: textCount)
  }

  /// Forgets the last list, and gives memory back that one large list needed.
  private func empty() {
    count = 0
    textCount = 0
    if unsafe capacity * MemoryLayout<moon_value>.stride > Self.keptBytes {
      unsafe values.deallocate()
      capacity = 64
      unsafe values = .allocate(capacity: capacity)
    }
    if textCapacity > Self.keptBytes {
      unsafe text.deallocate()
      textCapacity = 1024
      unsafe text = .allocate(capacity: textCapacity)
    }
  }

  private func write(_ value: LuaValue, depth: Int, onHandle: (LuaHandle) -> Void) {
    var entry = unsafe moon_value()
    switch value {
    case .nil, .other: break
    case .boolean(let flag):
      unsafe entry.kind = MOON_BOOLEAN
      unsafe entry.integer = flag ? 1 : 0
    case .integer(let number):
      unsafe entry.kind = MOON_INTEGER
      unsafe entry.integer = number
    case .number(let number):
      unsafe entry.kind = MOON_NUMBER
      unsafe entry.number = number
    case .string(let string):
      unsafe entry.kind = MOON_STRING
      unsafe entry.count = UInt32(clamping: string.bytes.count)
      unsafe entry.offset = append(string.bytes)
    case .function(let function):
      unsafe entry.kind = MOON_FUNCTION
      unsafe entry.integer = function.reference
    case .handle(let handle):
      unsafe entry.kind = MOON_HANDLE
      unsafe entry.handle_kind = handle.kind
      unsafe entry.handle = handle.id
      onHandle(handle)
    case .table(let table):
      if depth >= Self.deepest { break }  // deeper tables arrive as nil
      unsafe entry.kind = MOON_TABLE
      unsafe entry.count = UInt32(clamping: table.list.count)
      unsafe entry.offset = UInt64(table.fields.count)
      unsafe append(entry)
      for item in table.list { write(item, depth: depth + 1, onHandle: onHandle) }
      for field in table.fields {
        write(field.key, depth: depth + 1, onHandle: onHandle)
        write(field.value, depth: depth + 1, onHandle: onHandle)
      }
      return
    }
    unsafe append(entry)
  }

  private func append(_ entry: moon_value) {
    if count == capacity {
      let grown = UnsafeMutablePointer<moon_value>.allocate(capacity: capacity * 2)
      unsafe grown.update(from: values, count: count)
      unsafe values.deallocate()
      unsafe values = grown
      capacity *= 2
    }
    unsafe (values + count).initialize(to: entry)
    count += 1
  }

  /// Adds bytes to the text; returns where they begin.
  private func append(_ bytes: some Collection<UInt8>) -> UInt64 {
    let needed = textCount + bytes.count
    if needed > textCapacity {
      let larger = max(needed, textCapacity * 2)
      let grown = UnsafeMutablePointer<CChar>.allocate(capacity: larger)
      unsafe grown.update(from: text, count: textCount)
      unsafe text.deallocate()
      unsafe text = grown
      textCapacity = larger
    }
    let start = textCount
    for byte in bytes {
      unsafe text[textCount] = CChar(bitPattern: byte)
      textCount += 1
    }
    return UInt64(start)
  }
}
