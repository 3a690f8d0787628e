import CLua

/// Running scripts.
extension LuaSandbox {
  /// Loads the script and runs its main chunk under the limits of one call.
  ///
  /// One byte order mark and the text of a first line that begins with `#` are skipped. Bytecode is refused.
  ///
  /// - Parameter source: The file's bytes.
  /// - Returns: What the chunk returned; when that is nothing, the value of the global `callback`.
  /// - Throws: `LuaError`.
  package func load(source: [UInt8]) throws(LuaError) -> LuaValue {
    let pointer = unsafe try open()
    results = []
    let status = unsafe source.withUnsafeBytes { bytes in
      unsafe moon_load(pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    releaseHandles()
    try check(status)
    defer { results = [] }
    return results.first ?? .nil
  }

  /// Calls a function of the script under the limits of one call.
  ///
  /// - Parameters:
  ///   - function: A function that this sandbox handed out.
  ///   - arguments: Its arguments; tables are built anew.
  /// - Returns: Its results, at most 250, tables copied by raw access.
  /// - Throws: `LuaError`.
  package func call(_ function: LuaFunction, _ arguments: [LuaValue]) throws(LuaError) -> [LuaValue] {
    let pointer = unsafe try open()
    guard function.belongs(to: state) else {
      throw LuaError(kind: .unusable, source: name, reason: "a function of another sandbox")
    }
    results = []
    var list = unsafe writer.list(arguments) { count($0) }
    let status = unsafe moon_call(pointer, function.reference, &list)
    releaseHandles()
    try check(status)
    defer { results = [] }
    return results
  }

  /// The state, while it is open.
  func open() throws(LuaError) -> OpaquePointer {
    guard let pointer = unsafe state.pointer else {
      throw LuaError(kind: .unusable, source: name, reason: "the sandbox is closed")
    }
    return unsafe pointer
  }

  /// Notes that Lua holds one more copy of a handle.
  func count(_ handle: LuaHandle) { handleCounts[handle, default: 0] += 1 }

  /// Tells the host which handles no script holds any more.
  func releaseHandles() {
    guard let pointer = unsafe state.pointer else { return }
    var pair: (UInt64, UInt64) = (0, 0)
    while unsafe withUnsafeMutablePointer(
      to: &pair,
      { pair in
        unsafe pair.withMemoryRebound(to: UInt64.self, capacity: 2) { unsafe moon_take_released(pointer, $0, 1) }
      }) == 1
    {
      let handle = LuaHandle(kind: UInt16(truncatingIfNeeded: pair.0), id: pair.1)
      guard let count = handleCounts[handle] else { continue }
      if count > 1 {
        handleCounts[handle] = count - 1
      } else {
        handleCounts[handle] = nil
        onRelease(handle)
      }
    }
  }
}
