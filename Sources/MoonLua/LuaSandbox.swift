import CLua

/// One Lua state with its limits: load one script, call its functions, close it.
///
/// Used by one thread at a time, with at least 1 MiB of stack left. A script that hits a limit is ended for good; a script
/// that raises an error can be called again. The order of use is: `init`, `define...`, `load(source:)`, any number of
/// `call(_:_:)`, `close()`.
/// ```swift
/// let sandbox = try LuaSandbox(name: "ramp.lua", limits: LuaLimits(), randomSeed: 7) { print($0) }
/// try sandbox.define(table: "moon", name: "double") { arguments throws(HostError) in
///   guard let number = arguments.first?.asNumber else { throw .argument(1, "number expected") }
///   return [.number(number * 2)]
/// }
/// let hook = try sandbox.load(source: Array("return function(x) return moon.double(x) end".utf8)).asFunction
/// if let hook { print(try sandbox.call(hook, [.number(4)])) }
/// sandbox.close()
/// ```
package final class LuaSandbox {
  /// The name that error texts and `require` use for the main file.
  package let name: String
  /// The limits it was made with.
  package let limits: LuaLimits
  /// Takes each text of `moon.warn`, escaped and cut.
  package var onWarning: (String) -> Void = { _ in }
  /// Asked about once a millisecond while a script runs; true ends the script with `LuaError.Kind.stopped`.
  package var isStopRequested: () -> Bool = { false }
  /// Told that the script holds a handle no more, so that its memory can go early. Called before a host function, after
  /// `load` and `call`, and inside `charge(_:)`; never while Lua runs. The host still frees everything at the end of its
  /// scope.
  package var onRelease: (LuaHandle) -> Void = { _ in }

  let state: LuaState
  let writer = ValueWriter()
  var functions: [HostFunction] = []
  var results: [LuaValue] = []
  var handleCounts: [LuaHandle: Int] = [:]
  let modules: (any LuaModuleSource)?
  let log: (String) -> Void

  /// Makes a state with the language's safe libraries and an empty table `moon` apart from
  /// `moon.log` and `moon.warn`.
  ///
  /// - Parameters:
  ///   - name: What messages call the main file: `ramp.lua`, or `ramp/init.lua` for a folder plugin.
  ///   - limits: What the script may use.
  ///   - randomSeed: Where the script's `math.random` starts.
  ///   - modules: Where `require` looks; nil for a plugin of one file, which then has no `require`.
  ///   - log: Takes each line of `print` and `moon.log`, escaped and cut.
  /// - Throws: `LuaError` of kind `unusable` when there is no memory for a state.
  package init(
    name: String, limits: LuaLimits = LuaLimits(), randomSeed: UInt64, modules: (any LuaModuleSource)? = nil,
    log: @escaping (String) -> Void
  ) throws(LuaError) {
    let shown = LuaText.shown(name, limit: 200)
    self.name = shown.utf8.count > 58 ? "..." + String(shown.suffix(50)) : shown
    self.limits = limits
    self.modules = modules
    self.log = log
    var plain = moon_limits(limits)
    guard let pointer = unsafe moon_open(&plain, self.name, randomSeed, modules != nil) else {
      throw LuaError(kind: .unusable, source: shown, reason: "no memory for a Lua state")
    }
    state = unsafe LuaState(pointer)
    unsafe connect(pointer)
  }

  deinit { _ = state.close() }

  /// Frees the state and everything in it. Nothing runs afterwards. Not to be called by a host function.
  ///
  /// - Returns: Bytes that Lua did not give back: 0.
  @discardableResult
  package func close() -> Int {
    precondition(!state.isRunning, "a sandbox is closed by a function that its script called")
    handleCounts = [:]
    return state.close()
  }
}

extension moon_limits {
  init(_ limits: LuaLimits) {
    self.init(
      memory_bytes: max(limits.memoryBytes, 0), string_bytes: max(limits.stringBytes, 0),
      source_bytes: max(limits.sourceBytes, 0), log_bytes: max(limits.logBytes, 0),
      table_entries: max(limits.crossingValues, 0),
      call_instructions: limits.callInstructions, call_nanoseconds: LuaLimits.nanoseconds(limits.callTime),
      run_nanoseconds: LuaLimits.nanoseconds(limits.runTime))
  }
}
