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
    "signal", "signal_next",
    "num_timesteps", "num_inference_steps", "timesteps", "sigmas", "sigma", "sigma_next", "progress", "height", "width",
    "batch", "seed", "pipeline", "scheduler", "options", "x0", "guidance_scale", "guidance_rescale", "interrupt",
    "noise", "image_latents", "controlnet_scale", "ip_adapter_scale", "prediction_type", "eta",
  ]
  /// Fields that can be written.
  static let writable = ["guidance_scale", "guidance_rescale", "interrupt", "controlnet_scale", "ip_adapter_scale"]
  private static let aliases = [
    "_guidance_scale": "guidance_scale", "_interrupt": "interrupt", "_num_timesteps": "num_timesteps",
    "_guidance_rescale": "guidance_rescale",
  ]

  /// Every name that can be read.
  static var allReadable: [String] { readable + aliases.filter { readable.contains($0.value) }.keys }
  /// Every name that can be written.
  static var allWritable: [String] { writable + aliases.filter { writable.contains($0.value) }.keys }

  /// The methods, by name.
  static let methods: [String: @Sendable (PluginContext, HostArguments) throws -> HostReply] = [
    "encode": { context, arguments in
      let negative = arguments.isNil(2) ? nil : try arguments.string(2)
      return .values([try context.encode(arguments.string(1), negative: negative)])
    },
    "set_prompt": { context, arguments in
      guard let prompt = context.prompt(arguments[1]) else {
        throw arguments.wrongType(1, "prompt")
      }
      let run = try context.liveRun()
      try arguments.asHost { try run.setPrompt(prompt) }
      return .values([])
    },
    "set_ip_adapter_scale": { context, arguments in
      try ScaleList(.adapters).write(arguments[1], to: context.liveRun(), typeName: context.typeName(arguments[1]))
      return .values([])
    },
    "decode": { context, arguments in
      let latents = try arguments.tensor(1)
      let run = try context.liveRun()
      // The plugin pays for the pictures before they are made.
      var pictures = try Tensor.zeros([run.batchSize, 3, run.height, run.width])
      try context.countWork("decode", limit: context.limits.decodings)
      let levels = try arguments.asHost {
        try ((run.decode(latents) + 1) * 127.5).clamped(minimum: 0, maximum: 255)
      }
      try pictures.copy(from: levels)
      return .tensor(pictures)
    },
    "preview": { context, arguments in
      let row = try arguments.integer(1, default: 0)
      let run = try context.liveRun()
      try context.countWork("preview", limit: context.limits.previews)
      guard let levels = try arguments.asHost({ try run.preview(row: row) }) else {
        throw HostError.message("there is nothing to preview before the first step has ended")
      }
      return .values([try context.ownValue(levels)])
    },
    "to_x0": { context, arguments in
      let prediction = try arguments.tensor(1)
      let run = try context.liveRun()
      return .tensor(try arguments.checked { try run.clean(from: prediction) })
    },
    "from_x0": { context, arguments in
      let clean = try arguments.tensor(1)
      let run = try context.liveRun()
      return .tensor(try arguments.checked { try run.prediction(pointingTo: clean) })
    },
    "set_sigmas": { context, arguments in
      let levels = try arguments.numbers(1)
      let run = try context.liveRun()
      try arguments.asHost { try run.setFutureSigmas(levels) }
      return .values([])
    },
    "jump_back": { context, arguments in
      let step = try arguments.integer(1)
      let run = try context.liveRun()
      let noise = try context.generator.normal(shape: run.state.latents.shape)
      try arguments.asHost { try run.jumpBack(to: step, noise: noise) }
      return .values([])
    },
  ]

  /// The handle's type.
  func type(_ guarded: (@escaping (HostArguments) throws -> HostReply, String) -> HostFunction) -> HandleType {
    var type = HandleType(kind: PluginContext.Kind.pipe, name: "pipe")
    type.getter = guarded({ arguments in .values([try read(name(arguments, known: Self.readable))]) }, "pipe")
    type.setter = guarded(
      { arguments in
        try write(arguments[3], to: name(arguments, known: Self.writable))
        return .values([])
      }, "pipe")
    type.operators["__tostring"] = guarded({ _ in .values([.string("pipe")]) }, "tostring")
    for (name, method) in Self.methods {
      type.methods[name] = guarded(
        { arguments in try method(context, arguments.withoutHandle(name == "encode" ? 2 : 1)) }, name)
    }
    return type
  }

  /// The name of a field, aliases resolved.
  private func name(_ arguments: HostArguments, known: [String]) throws -> String {
    if let alias = arguments[2].asName.flatMap({ Self.aliases[$0] }), known.contains(alias) { return alias }
    if let text = arguments[2].asName, Self.isReadOnly(text), !known.contains(text) {
      throw HostError.message("pipe.\(text) cannot be written")
    }
    return try arguments.field(2, of: "pipe", known: known, methods: Self.methods.keys.sorted())
  }

  /// Whether a field or method is there that cannot be written.
  private static func isReadOnly(_ name: String) -> Bool {
    let name = aliases[name] ?? name
    return readable.contains(name) && !writable.contains(name) || methods[name] != nil
  }

  private func read(_ name: String) throws -> LuaValue {
    let run = try context.liveRun()
    let step = max(run.step, 0)
    switch name {
    case "num_timesteps": return .integer(Int64(run.timestepCount))
    case "num_inference_steps": return .integer(Int64(run.request.inferenceSteps))
    case "timesteps": return .list(run.timesteps.map { LuaValue(timestep: $0) })
    case "sigmas": return .list(run.sigmas.map { .number($0) })
    case "sigma": return step < run.sigmas.count ? .number(run.sigmas[step]) : .nil
    case "sigma_next": return step + 1 < run.sigmas.count ? .number(run.sigmas[step + 1]) : .nil
    case "signal", "signal_next":
      let level = name == "signal" ? step : step + 1
      return level < run.sigmas.count ? .number(try run.signal(at: level)) : .nil
    case "progress": return .number(Double(run.step + 1) / Double(max(run.timestepCount, 1)))
    case "height": return .integer(Int64(run.height))
    case "width": return .integer(Int64(run.width))
    case "batch": return .integer(Int64(run.batchSize))
    case "seed": return run.request.seeds.first.map { .integer(Int64(bitPattern: $0)) } ?? .nil
    case "pipeline": return .string(run.pipelineName)
    case "scheduler": return .string(run.schedulerName)
    case "options": return OptionsHandle.value
    case "x0": return try run.predictedOriginal.map { try context.value($0) } ?? .nil
    case "noise": return try context.value(run.initialNoise)
    case "image_latents": return try run.imageLatents.map { try context.value($0) } ?? .nil
    case "controlnet_scale": return ScaleList(.controls).value(in: run)
    case "ip_adapter_scale": return ScaleList(.adapters).value(in: run)
    case "prediction_type": return .string(run.predictionType)
    case "eta": return .number(run.request.eta)
    case "guidance_scale": return .number(run.state.guidanceScale)
    case "guidance_rescale": return .number(run.state.guidanceRescale)
    case "interrupt": return .boolean(run.state.isInterrupted)
    default: return .nil
    }
  }

  private func write(_ value: LuaValue, to name: String) throws {
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
    if name == "controlnet_scale" || name == "ip_adapter_scale" {
      let list = ScaleList(name == "controlnet_scale" ? .controls : .adapters)
      return try list.write(value, to: run, typeName: context.typeName(value))
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
}
