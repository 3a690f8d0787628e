import CLua

/// The status of a call as an error.
extension LuaSandbox {
  /// Throws what a status stands for.
  func check(_ status: moon_status) throws(LuaError) {
    switch status {
    case MOON_OK: return
    case MOON_ERROR: throw raised(.runtime)
    case MOON_SYNTAX: throw raised(.syntax)
    case MOON_STOPPED: throw ended()
    case MOON_BUSY: throw unusable("a call is running already")
    case MOON_SMALL_STACK: throw unusable("the thread's stack is too small for Lua")
    default: throw unusable("the Lua state is damaged")
    }
  }

  private func unusable(_ reason: String) -> LuaError {
    LuaError(kind: .unusable, source: name, reason: reason)
  }

  /// The script's own error.
  private func raised(_ kind: LuaError.Kind) -> LuaError {
    guard let pointer = unsafe state.pointer else { return unusable("the sandbox is closed") }
    var count = 0
    var isText = false
    let start = unsafe moon_failure_text(pointer, &count, &isText)
    var text = unsafe LuaText.shown(ValueReader.bytes(start, count: count))
    if !isText { text = "(error object is a \(text) value)" }
    if let error = positioned(kind, text, frames()) { return error }
    var error = located(kind, text, frames())
    error.isPlain = isText && kind == .runtime
    return error
  }

  /// A limit that ended the script.
  private func ended() -> LuaError {
    guard let pointer = unsafe state.pointer else { return unusable("the sandbox is closed") }
    let (kind, text): (LuaError.Kind, String) =
      switch unsafe moon_stop_reason(pointer) {
      case MOON_STOP_CALL_TIME: (.timeLimit, "time limit: one call may take \(seconds(limits.callTime))")
      case MOON_STOP_RUN_TIME: (.timeLimit, "time limit: a plugin may take \(seconds(limits.runTime)) of a run")
      case MOON_STOP_INSTRUCTIONS:
        (.instructionLimit, "instruction limit: one call may run \(limits.callInstructions) instructions")
      case MOON_STOP_STACK: (.memoryLimit, "stack overflow: calls are nested too deeply")
      case MOON_STOP_STRING: (.memoryLimit, "memory limit: a string may have \(bytes(limits.stringBytes))")
      case MOON_STOP_TABLE: (.memoryLimit, "memory limit: too many keys of a table fall on one place")
      case MOON_STOP_HANDLES: (.memoryLimit, "memory limit: a plugin's tensors may use \(bytes(limits.handleBytes))")
      case MOON_STOP_HOST: (.stopped, "stopped by the host")
      default: (.memoryLimit, "memory limit: a plugin may use \(bytes(limits.memoryBytes)) of Lua memory")
      }
    return located(kind, text, frames())
  }

  /// An error at the innermost frame of the script, when there is one.
  private func located(_ kind: LuaError.Kind, _ reason: String, _ frames: [LuaError.Frame]) -> LuaError {
    LuaError(
      kind: kind, source: frames.first?.source ?? name, line: frames.first?.line, reason: reason, frames: frames)
  }

  /// An error whose text begins with its position, as Lua's own do: `ramp.lua:12: reason`.
  private func positioned(_ kind: LuaError.Kind, _ text: String, _ frames: [LuaError.Frame]) -> LuaError? {
    let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[2].first == " ", let line = Int(parts[1]), line > 0 else { return nil }
    let source = String(parts[0])
    let isFile = source == name || (source.hasSuffix(".lua") && !source.contains(" "))
    guard isFile || source.hasPrefix("[string ") else { return nil }
    return LuaError(kind: kind, source: source, line: line, reason: String(parts[2].dropFirst()), frames: frames)
  }

  private func frames() -> [LuaError.Frame] {
    guard let pointer = unsafe state.pointer else { return [] }
    var frames: [LuaError.Frame] = []
    var line: Int32 = 0
    while let source = unsafe moon_failure_frame(pointer, frames.count, &line) {
      unsafe frames.append(LuaError.Frame(source: LuaText.shown(String(cString: source)), line: Int(line)))
    }
    return frames
  }

  private func seconds(_ duration: Duration) -> String {
    let milliseconds = LuaLimits.nanoseconds(duration) / 1_000_000
    if milliseconds % 1000 == 0 { return milliseconds == 1000 ? "1 second" : "\(milliseconds / 1000) seconds" }
    return "\(milliseconds) milliseconds"
  }

  private func bytes(_ count: Int) -> String {
    count % (1 << 20) == 0 ? "\(count >> 20) MiB" : "\(count) bytes"
  }
}
