internal import MoonLua
internal import MoonPipelines
internal import MoonTensor

/// What `t:run` returns.
struct TestResult {
  /// The fields, as annotations and tests name them.
  static let fields = [
    "batch", "completed", "controlnet_scale", "final", "guidance", "guidance_scale", "images", "interrupted",
    "ip_adapter_scale", "latents", "log", "pipeline", "rows", "scheduler", "sigmas", "steps", "task", "timesteps",
    "total_rows", "warnings",
  ]

  private let outcome: PluginRehearsal.Outcome
  private let rehearsal: Rehearsal
  private let images: [String]

  init(_ outcome: PluginRehearsal.Outcome, _ rehearsal: Rehearsal, images: [String]) {
    self.outcome = outcome
    self.rehearsal = rehearsal
    self.images = images
  }

  /// A table whose tensors are the test's own.
  func value(in context: PluginContext) throws -> LuaValue {
    let (result, steps) = (outcome.result, outcome.steps)
    let report = result.report
    func texts(_ list: [String]) -> LuaValue { .list(list.map { .string($0) }) }
    func scales(_ list: [Double]) -> LuaValue {
      list.count == 1 ? .number(list[0]) : .list(list.map { .number($0) })
    }
    return .table(
      LuaTable([
        "batch": .integer(Int64(rehearsal.batchSize)),
        "completed": .integer(Int64(steps.count)),
        "controlnet_scale": .list(steps.map { scales($0.controlScales) }),
        "final": try context.ownValue(result.latents),
        "guidance": .list(report.effectiveGuidance.map { .number($0) }),
        "guidance_scale": .list(steps.map { .number($0.guidanceScale) }),
        "images": texts(images),
        "interrupted": .boolean(report.isInterrupted),
        "ip_adapter_scale": .list(steps.map { scales($0.adapterScales) }),
        "latents": .list(try steps.map { try context.ownValue($0.latents) }),
        "log": texts(outcome.log),
        "pipeline": .string(report.pipeline),
        "rows": .list(result.rows.map { .integer(Int64($0)) }),
        "scheduler": .string(report.scheduler),
        "sigmas": .list(steps.map { .number($0.sigma) }),
        "steps": .integer(Int64(report.timesteps.count)),
        "task": .string(rehearsal.task.rawValue),
        "timesteps": .list(steps.map { LuaValue(timestep: $0.timestep) }),
        "total_rows": .integer(Int64(result.rows.reduce(0, +))),
        "warnings": texts(report.warnings),
      ]))
  }
}
