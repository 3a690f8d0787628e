internal import Foundation
internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// The `pipe` of plugins: what they read and write of a run.
struct PipeHandle {
  let context: PluginContext

  /// The one handle that every hook gets.
  static var value: LuaValue { .handle(LuaHandle(kind: PluginContext.Kind.pipe, id: 1)) }

  /// Fields that can be read. Those with an underscore are the reference's own names.
  static let readable = [
    "num_timesteps", "num_inference_steps", "timesteps", "sigmas", "sigma", "sigma_next", "progress", "height", "width",
    "batch", "seed", "pipeline", "scheduler", "options", "x0", "guidance_scale", "guidance_rescale", "interrupt",
  ]
  /// Fields that can be written.
  static let writable = ["guidance_scale", "guidance_rescale", "interrupt"]
  private static let aliases = [
    "_guidance_scale": "guidance_scale", "_interrupt": "interrupt", "_num_timesteps": "num_timesteps",
    "_guidance_rescale": "guidance_rescale",
  ]

  /// The handle's type with its methods.
  func type(_ guarded: (@escaping (HostArguments) throws -> HostReply, String) -> HostFunction) -> HandleType {
    var type = HandleType(kind: PluginContext.Kind.pipe, name: "pipe")
    type.getter = guarded({ arguments in .values([try read(arguments[2])]) }, "pipe")
    type.setter = guarded(
      { arguments in
        try write(arguments[3], to: arguments[2])
        return .values([])
      }, "pipe")
    type.operators["__tostring"] = guarded({ _ in .values([.string("pipe")]) }, "tostring")
    type.methods["encode"] = guarded(
      { arguments in
        let method = arguments.withoutHandle
        return .values([
          try context.encode(method.string(1), negative: method.isNil(2) ? nil : method.string(2))
        ])
      }, "encode")
    type.methods["set_prompt"] = guarded(
      { arguments in
        let method = arguments.withoutHandle
        guard let prompt = context.prompt(method[1]) else {
          throw method.bad(1, "prompt expected, got \(context.typeName(method[1]))")
        }
        let run = try context.liveRun()
        run.state.conditional = prompt.conditional
        if let unconditional = prompt.unconditional { run.state.unconditional = unconditional }
        return .values([])
      }, "set_prompt")
    return type
  }

  private func name(_ key: LuaValue, known: [String]) throws -> String {
    guard let text = key.asText else { throw HostError.message("pipe has no field of type \(key.typeName)") }
    let name = Self.aliases[text] ?? text
    if known.contains(name) { return name }
    throw HostError.message(
      Self.readable.contains(name)
        ? "pipe.\(name) cannot be written"
        : "pipe has no field '\(PluginText.escaped(String(text.prefix(64))))'" + PluginText.hint(for: text, in: known))
  }

  private func read(_ key: LuaValue) throws -> LuaValue {
    let name = try name(key, known: Self.readable)
    let run = try context.liveRun()
    let step = max(run.step, 0)
    switch name {
    case "num_timesteps": return .integer(Int64(run.timestepCount))
    case "num_inference_steps": return .integer(Int64(run.request.inferenceSteps))
    case "timesteps": return .list(run.timesteps.map { LuaValue(timestep: $0) })
    case "sigmas": return .list(run.sigmas.map { .number($0) })
    case "sigma": return step < run.sigmas.count ? .number(run.sigmas[step]) : .nil
    case "sigma_next": return step + 1 < run.sigmas.count ? .number(run.sigmas[step + 1]) : .nil
    case "progress": return .number(Double(run.step + 1) / Double(max(run.timestepCount, 1)))
    case "height": return .integer(Int64(run.height))
    case "width": return .integer(Int64(run.width))
    case "batch": return .integer(Int64(run.batchSize))
    case "seed": return run.request.seeds.first.map { .integer(Int64(bitPattern: $0)) } ?? .nil
    case "pipeline": return .string(run.pipelineName)
    case "scheduler": return .string(run.schedulerName)
    case "options": return .table(LuaTable(fields: context.options.map { .init(key: .string($0.name), value: LuaValue($0.value)) }))
    case "x0": return try run.predictedOriginal.map { try context.value($0) } ?? .nil
    case "guidance_scale": return .number(run.state.guidanceScale)
    case "guidance_rescale": return .number(run.state.guidanceRescale)
    case "interrupt": return .boolean(run.state.isInterrupted)
    default: return .nil
    }
  }

  private func write(_ value: LuaValue, to key: LuaValue) throws {
    let name = try name(key, known: Self.writable)
    let run = try context.liveRun()
    if name == "interrupt" {
      guard let flag = value.asBoolean else {
        throw HostError.message("pipe.interrupt must be true or false, got \(context.typeName(value))")
      }
      if flag {
        run.state.interruptRequests.insert(context.number)
      } else {
        run.state.interruptRequests.remove(context.number)
      }
      return
    }
    guard let number = value.asNumber else {
      throw HostError.message("pipe.\(name) must be a number, got \(context.typeName(value))")
    }
    if !Float(number).isFinite { throw HostError.message("pipe.\(name) must be a finite number that float32 can hold") }
    if name == "guidance_scale" { run.state.guidanceScale = number } else { run.state.guidanceRescale = number }
  }
}

extension LuaValue {
  /// A training time: an integer where it is whole, as in the reference.
  init(timestep: Double) {
    self = Int64(exactly: timestep).map { .integer($0) } ?? .number(timestep)
  }

  /// The value of an option.
  init(_ option: OptionValue) {
    switch option {
    case .number(let number): self = .number(number)
    case .integer(let number): self = .integer(number)
    case .boolean(let flag): self = .boolean(flag)
    case .string(let text): self = .string(text)
    case .numbers(let numbers): self = .list(numbers.map { .number($0) })
    }
  }
}
