internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins

/// The table that a test gives to `t:run`, read and checked.
struct TestSetting {
  /// The run.
  private(set) var rehearsal: Rehearsal
  /// The plugin's options, as text.
  private(set) var options = ""
  /// Whether the plugin runs, or the run is made without it.
  private(set) var usesPlugin = true

  /// Names of all settings.
  static let names = [
    "controlnet_scale", "controlnets", "eta", "guidance_rescale", "guidance_scale", "inpainting_model",
    "ip_adapter_scale", "ip_adapters", "negative_prompt", "num_images", "options", "pipeline", "plugin", "prompt",
    "scheduler", "scheduler_options", "seed", "steps", "strength", "task",
  ]
  /// Settings that a trace fixes.
  private static let fixedByTrace = [
    "controlnets", "controlnet_scale", "inpainting_model", "ip_adapters", "ip_adapter_scale", "num_images",
  ]
  /// The most steps times images of a run.
  private static let maximumWork = 10_000

  /// Reads the first argument; nil stands for an empty table.
  init(_ arguments: HostArguments, pipeline: String, trace: RunTrace?) throws {
    var table = LuaTable()
    if !arguments.isNil(1) {
      guard case .table(let given) = arguments[1] else {
        throw arguments.wrongType(1, "table")
      }
      table = given
    }
    let reader = SettingReader(arguments, table)
    try reader.checkNames(Self.names)
    if let trace {
      rehearsal = Rehearsal(trace)
      if let name = try reader.text("pipeline"), name != trace.pipeline {
        throw reader.refusal("pipeline", "is '\(name)', the trace is of \(trace.pipeline)")
      }
      if let name = try reader.text("task"), name != rehearsal.task.rawValue {
        throw reader.refusal("task", "is '\(name)', the trace is of \(rehearsal.task.rawValue)")
      }
      for name in Self.fixedByTrace where !table[name].isNil {
        throw reader.refusal(name, "cannot be set: the trace fixes it")
      }
    } else {
      rehearsal = try Self.standIn(reader, pipeline: pipeline)
    }
    try fill(reader)
    usesPlugin = try reader.flag("plugin") ?? true
    options = try reader.options("options")
  }

  /// A rehearsal with a stand-in of the kind that the settings name.
  private static func standIn(_ reader: SettingReader, pipeline: String) throws -> Rehearsal {
    let pipeline = try reader.choice("pipeline", ["sd", "sdxl"]) ?? pipeline
    let task = try reader.choice("task", RunTask.allCases.map(\.rawValue)).flatMap { RunTask(rawValue: $0) }
    var kind = RehearsalKind(pipeline, task ?? .textToImage)
    kind.controlNets = try reader.integer("controlnets", in: 0...8) ?? 0
    kind.imageAdapters = try reader.integer("ip_adapters", in: 0...8) ?? 0
    kind.isInpaintingModel = try reader.flag("inpainting_model") ?? false
    var rehearsal = try Rehearsal(kind)
    rehearsal.request.inferenceSteps = 10
    rehearsal.request.imagesPerPrompt = try reader.integer("num_images", in: 1...16) ?? 1
    if let scale = try reader.number("controlnet_scale") {
      for index in rehearsal.request.controls.indices { rehearsal.request.controls[index].scale = scale }
    }
    if let scale = try reader.number("ip_adapter_scale") {
      for index in rehearsal.request.imagePrompts.indices { rehearsal.request.imagePrompts[index].scale = scale }
    }
    return rehearsal
  }

  /// The settings that every run takes.
  private mutating func fill(_ reader: SettingReader) throws {
    var request = rehearsal.request
    request.inferenceSteps = try reader.integer("steps", in: 1...1000) ?? request.inferenceSteps
    request.guidanceScale = try reader.number("guidance_scale") ?? request.guidanceScale
    request.guidanceRescale = try reader.number("guidance_rescale") ?? request.guidanceRescale
    request.eta = try reader.number("eta") ?? request.eta
    request.strength = try reader.number("strength") ?? request.strength
    if let name = try reader.text("scheduler") { request.scheduler = name }
    request.schedulerOptions = try reader.pairs("scheduler_options")
    if let seed = try reader.integer("seed", in: Int.min...Int.max) {
      request.seeds = [UInt64(bitPattern: Int64(seed))]
    }
    if let prompt = try reader.text("prompt") {
      request.prompts = [String](repeating: prompt, count: request.prompts.count)
    }
    if let prompt = try reader.text("negative_prompt") { request.negativePrompts = [prompt] }
    if request.inferenceSteps * rehearsal.batchSize > Self.maximumWork {
      throw reader.refusal("steps", "times the images are more than \(Self.maximumWork)")
    }
    rehearsal.request = request
  }
}
