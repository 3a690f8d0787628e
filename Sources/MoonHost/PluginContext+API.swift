internal import Foundation
internal import MoonImage
internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// The plugin's view of the world: what its sandbox finds in `moon`, and how host functions run.
extension PluginContext {
  /// Connects the sandbox's deadline and its garbage collector.
  func attach(_ sandbox: LuaSandbox) {
    self.sandbox = sandbox
    sandbox.onRelease = { [tensors] handle in
      if handle.kind == Kind.tensor { tensors.release([handle.id]) }
    }
    sandbox.isStopRequested = { TensorEnvironment.current.shouldStop?() ?? false }
  }

  /// Defines `moon` and the handle types.
  func defineAPI(in sandbox: LuaSandbox) throws {
    for (name, function) in MoonModule(context: self).functions {
      try sandbox.define(table: "moon", name: name, function: guarded(function, name))
    }
    try sandbox.define(table: "moon", name: "version", value: .string(MoonModule.version))
    try sandbox.define(table: "moon", name: "api", value: .integer(Int64(PluginManifest.hostAPI)))
    try sandbox.defineHandleType(TensorHandle(context: self).type { self.guarded($0, $1) })
    try sandbox.defineHandleType(PipeHandle(context: self).type { self.guarded($0, $1) })
    try sandbox.defineHandleType(imageType)
    try sandbox.defineHandleType(HandleType(kind: Kind.prompt, name: "prompt"))
  }

  private var imageType: HandleType {
    var type = HandleType(kind: Kind.image, name: "image")
    type.getter = guarded(
      { [unowned self] arguments in
        guard let image = try image(arguments[1]) else { return .values([]) }
        switch arguments[2].asText {
        case "width": return .values([.integer(Int64(image.width))])
        case "height": return .values([.integer(Int64(image.height))])
        default: throw HostError.message("an image has the fields 'width' and 'height'")
        }
      }, "image")
    return type
  }

  /// Runs one call into the sandbox so that its tensor operations take the plugin's memory and stop at its deadline.
  func withinTensorLimits<Result>(_ body: () throws -> Result) throws -> Result {
    guard let sandbox else { return try body() }
    deadline.start(limits, used: sandbox.timeUsed)
    var environment = TensorEnvironment.current
    let outer = environment.shouldStop
    environment.budget = budget
    environment.shouldStop = { [deadline] in deadline.isOver || (outer?() ?? false) }
    return try TensorEnvironment.$current.withValue(environment) { try body() }
  }

  /// Runs work that is the host's, with the host's memory: it counts neither as the plugin's time nor as its tensors.
  func asHost<Result>(_ body: () throws -> Result) throws -> Result {
    guard let sandbox else { return try body() }
    var environment = TensorEnvironment.current
    environment.budget = nil
    environment.shouldStop = run?.shouldStop
    let start = ContinuousClock.now
    defer { deadline.extend(by: ContinuousClock.now - start) }
    return try sandbox.withoutTimeLimit { () throws(any Error) in
      try TensorEnvironment.$current.withValue(environment) { try body() }
    }
  }

  /// A host function with the plugin's budget, whose errors are those of Lua.
  func guarded(_ body: @escaping (HostArguments) throws -> HostReply, _ name: String) -> HostFunction {
    { [unowned self] values throws(HostError) in
      let arguments = HostArguments(function: name, values: values, context: self)
      do {
        do {
          return try self.values(of: body(arguments))
        } catch let error where error.isOutOfBudget {
          // What Lua has dropped but not collected may be enough.
          sandbox?.collectGarbage()
          return try self.values(of: body(arguments))
        }
      } catch let error as HostError {
        throw error
      } catch TensorError.badArgument(_, let argument, let detail) {
        throw .argument(argument, detail)
      } catch let error where error.isOutOfBudget {
        sandbox?.endForMemory()
        throw .message("not enough memory")
      } catch {
        throw .message("\(name): \(error)")
      }
    }
  }

  private func values(of reply: HostReply) throws -> [LuaValue] {
    switch reply {
    case .tensor(let tensor): [try value(tensor)]
    case .tensors(let tensors): try tensors.map { try value($0) }
    case .values(let values): values
    }
  }
}

extension Error {
  /// Whether the plugin's tensor memory did not suffice.
  fileprivate var isOutOfBudget: Bool {
    if case .outOfBudget? = self as? TensorError { return true }
    return false
  }
}
