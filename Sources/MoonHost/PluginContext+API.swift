internal import Foundation
internal import MoonImage
internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// The plugin's view of the world: what its sandbox finds in `moon`, and how host functions run.
extension PluginContext {
  /// Connects the sandbox's garbage collector and the run's stop.
  func attach(_ sandbox: LuaSandbox) {
    self.sandbox = sandbox
    sandbox.onRelease = { [tensors, unowned self] handle in
      switch handle.kind {
      case Kind.tensor: tensors.release(CollectionOfOne(handle.id))
      case Kind.image: releaseImage(handle.id)
      default: break
      }
    }
    sandbox.onWarning = { [unowned self] in warn($0) }
    sandbox.isStopRequested = { [unowned self] in outerStop?() ?? false }
  }

  /// Defines `moon` and the handle types.
  func defineAPI(in sandbox: LuaSandbox) throws {
    for (name, function) in MoonModule.functions {
      let most = MoonModule.argumentCounts[name]
      let body: (HostArguments) throws -> HostReply = { [unowned self] arguments in
        if let most { try arguments.refuse(after: most) }
        return try function(self, arguments)
      }
      try sandbox.define(table: "moon", name: name, function: guarded(body, name))
    }
    for (name, value) in MoonModule.constants { try sandbox.define(table: "moon", name: name, value: value) }
    for type in handleTypes { try sandbox.defineHandleType(type) }
  }

  /// Everything that a plugin can hold of the host's.
  var handleTypes: [HandleType] {
    let guarded: (@escaping (HostArguments) throws -> HostReply, String) -> HostFunction = { [unowned self] in
      self.guarded($0, $1)
    }
    return [
      TensorHandle(context: self).type(guarded), PipeHandle(context: self).type(guarded),
      ImageHandle(context: self).type(guarded), PromptHandle(context: self).type(guarded),
      OptionsHandle(context: self).type(guarded),
    ]
  }

  /// Runs one call into the sandbox so that its tensor operations take the plugin's memory and stop at its deadline.
  func withinTensorLimits<Result>(_ body: () throws -> Result) throws -> Result {
    guard let sandbox else { return try body() }
    deadline.start(limits, used: sandbox.timeUsed)
    hostTime = .zero
    var environment = TensorEnvironment.current
    let outer = environment.shouldStop
    outerStop = outer
    defer { outerStop = nil }
    environment.budget = budget
    environment.shouldStop = { [deadline] in deadline.isOver || (outer?() ?? false) }
    return try TensorEnvironment.$current.withValue(environment) { try body() }
  }

  /// Runs work that is the host's, with the host's memory: it counts neither as the plugin's time nor as its tensors.
  func asHost<Result>(_ body: () throws -> Result) throws -> Result {
    guard let sandbox else { return try body() }
    var environment = TensorEnvironment.current
    environment.budget = nil
    environment.shouldStop = outerStop
    let start = ContinuousClock.now
    defer {
      let pause = ContinuousClock.now - start
      hostTime += pause
      deadline.extend(by: pause)
    }
    return try sandbox.withoutTimeLimit { () throws(any Error) in
      try TensorEnvironment.$current.withValue(environment) { try body() }
    }
  }

  /// Runs `body` once more, when memory was short, after Lua has given back what it dropped.
  func retrying<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error where error.isOutOfBudget {
      sandbox?.collectGarbage()
      return try body()
    }
  }

  /// A host function with the plugin's budget, whose errors are those of Lua.
  func guarded(_ body: @escaping (HostArguments) throws -> HostReply, _ name: String) -> HostFunction {
    { [unowned self] values throws(HostError) in
      let arguments = HostArguments(function: name, values: values[...], context: self)
      collectIfGrown()
      do {
        return try retrying { try self.values(of: body(arguments)) }
      } catch let error as HostError {
        throw error
      } catch TensorError.badArgument(_, let argument, let detail) {
        throw .argument(argument, detail)
      } catch let error where error.isOutOfBudget {
        sandbox?.endForMemory()
        throw .message("not enough memory")
      } catch {
        let text = "\(error)"
        throw .message(text.hasPrefix("\(name): ") ? text : "\(name): \(text)")
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
  var isOutOfBudget: Bool {
    if case .outOfBudget? = self as? TensorError { return true }
    return false
  }
}
