import CLua

/// The C state behind a sandbox, shared with the functions that came from it; gone once the sandbox is closed.
@safe final class LuaState {
  private(set) var pointer: OpaquePointer?

  init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  /// Gives a function back to Lua.
  func release(_ function: Int64) {
    if let pointer = unsafe pointer { unsafe moon_release_function(pointer, function) }
  }

  /// Whether a script runs in it now.
  var isRunning: Bool { if let pointer = unsafe pointer { unsafe moon_is_running(pointer) } else { false } }

  /// Frees the state; returns what Lua did not give back, which is 0.
  func close() -> Int {
    guard let open = unsafe pointer else { return 0 }
    unsafe pointer = nil
    return unsafe moon_close(open)
  }
}
