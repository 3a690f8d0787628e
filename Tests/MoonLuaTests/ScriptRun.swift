import MoonLua

/// A run of one script as a plugin host would do it, with stand-ins for the pipe and the tensors.
struct ScriptRun {
  /// `harmless`, `error`, `timeout` or `memory`, as the manifest calls them.
  private(set) var outcome = "harmless"
  /// The error it ended in.
  private(set) var error: LuaError?
  /// What it wrote.
  private(set) var log: [String] = []
  /// The longest that a call kept this thread busy beyond the limit of a call; negative when none came near.
  private(set) var overshoot: Duration
  /// The most memory that Lua used.
  private(set) var peakMemory = 0
  /// What Lua did not give back.
  private(set) var leftMemory = 0

  /// Runs a script: the main chunk, then its hooks for two steps.
  init(
    _ source: [UInt8], name: String, limits: LuaLimits, prepare: (LuaSandbox) -> Void = { _ in }
  ) throws {
    let lines = LogLines()
    overshoot = .zero - limits.callTime
    let sandbox = try LuaSandbox(name: name, limits: limits, randomSeed: 1) { lines.texts.append($0) }
    try StandIns.define(in: sandbox)
    prepare(sandbox)
    do throws(LuaError) {
      try run(source, in: sandbox)
    } catch {
      outcome = Self.outcome(of: error)
      self.error = error
    }
    peakMemory = sandbox.peakMemory
    leftMemory = sandbox.close()
    log = lines.texts
  }

  private mutating func run(_ source: [UInt8], in sandbox: LuaSandbox) throws(LuaError) {
    let value = try timed(sandbox.limits) { () throws(LuaError) in try sandbox.load(source: source) }
    var hooks: [LuaFunction] = []
    switch value {
    case .function(let function): hooks = [function]
    case .table(let table):
      hooks = ["on_run_begin", "on_step_begin", "on_step_end", "on_run_end"].compactMap { table[$0].asFunction }
    default:
      throw LuaError(kind: .runtime, source: sandbox.name, reason: "returns no function and no table")
    }
    for step in 0..<2 {
      for hook in hooks {
        let arguments = [StandIns.pipe, .integer(Int64(step)), .number(999), StandIns.arguments]
        _ = try timed(sandbox.limits) { () throws(LuaError) in try sandbox.call(hook, arguments) }
      }
    }
  }

  private mutating func timed<Result>(
    _ limits: LuaLimits, _ body: () throws(LuaError) -> Result
  ) throws(LuaError) -> Result {
    let start = ThreadClock.now
    defer { overshoot = max(overshoot, ThreadClock.now - start - limits.callTime) }
    return try body()
  }

  private static func outcome(of error: LuaError) -> String {
    switch error.kind {
    case .syntax, .runtime: "error"
    case .timeLimit, .instructionLimit: "timeout"
    case .memoryLimit: "memory"
    case .stopped, .unusable: "unusable"
    }
  }

  /// Lines written so far, shared with the sandbox.
  private final class LogLines {
    var texts: [String] = []
  }
}

/// What a script gets instead of a pipe and of tensors.
enum StandIns {
  static var pipe: LuaValue { .handle(LuaHandle(kind: 1, id: 1)) }
  static var arguments: LuaValue {
    .table(
      LuaTable(["latents": .handle(LuaHandle(kind: 2, id: 1)), "prompt_embeds": .handle(LuaHandle(kind: 2, id: 2))]))
  }

  static func define(in sandbox: LuaSandbox) throws {
    try sandbox.define(table: "moon", name: "version", value: "1.0.0")
    var pipe = HandleType(kind: 1, name: "Pipe")
    pipe.getter = { arguments in
      switch arguments[1].asName {
      case "num_timesteps": [.integer(2)]
      case "guidance_scale", "_guidance_scale": [.number(7.5)]
      case "options": [.table(LuaTable())]
      default: [.nil]
      }
    }
    pipe.setter = { arguments throws(HostError) in
      guard arguments[2].asNumber?.isFinite == true else { throw .message("a finite number is expected") }
      return []
    }
    try sandbox.defineHandleType(pipe)
    var tensor = HandleType(kind: 2, name: "Tensor")
    tensor.methods["chunk"] = { arguments in [arguments[0], arguments[0]] }
    tensor.methods["numel"] = { _ in [.integer(16)] }
    tensor.getter = { arguments in arguments[1].asName == "shape" ? [.list([.integer(4), .integer(4)])] : [.nil] }
    for event in ["__add", "__sub", "__mul", "__div", "__unm"] {
      tensor.operators[event] = { arguments in [.handle(LuaHandle(kind: 2, id: UInt64(arguments.count) + 2))] }
    }
    tensor.operators["__len"] = { _ in [.integer(4)] }
    tensor.operators["__tostring"] = { _ in ["Tensor(4, 4)"] }
    try sandbox.defineHandleType(tensor)
  }
}
