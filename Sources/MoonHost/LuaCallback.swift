internal import Foundation
internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// A `StepCallback` run by a plugin: it maps hooks to calls, and what plugins return to changes of the run.
final class LuaCallback: StepCallback {
  let plugin: LuaPlugin
  private let policy: PluginFailurePolicy
  /// Whether the plugin failed, or was stopped, and is called no more.
  private(set) var isDropped = false

  /// A callback for `plugin`.
  init(_ plugin: LuaPlugin, policy: PluginFailurePolicy) {
    self.plugin = plugin
    self.policy = policy
  }

  /// Checks that the plugin fits the pipeline, and calls `on_run_begin`.
  func runBegins(_ run: DenoisingRun) throws {
    try perform(.runBegin, run) {
      if !plugin.manifest.pipelines.contains(run.pipelineName) {
        throw HookFault("the plugin fits \(plugin.manifest.pipelines.joined(separator: " and ")), not \(run.pipelineName)")
      }
      for name in plugin.manifest.tensorInputs ?? [] where !run.tensorNames.contains(name) {
        throw HookFault(
          "tensor_inputs: there is no '\(PluginText.escaped(name))'; this pipeline offers "
            + run.tensorNames.joined(separator: ", "))
      }
      try call(.runBegin, [PipeHandle.value])
    }
  }

  /// Calls `on_step_begin`.
  func stepBegins(_ run: DenoisingRun) throws {
    guard plugin.has(.stepBegin) else { return }
    try perform(.stepBegin, run) { try call(.stepBegin, place(run)) }
  }

  /// Calls `on_guidance`; its tensor is the new combination.
  func combinesGuidance(_ run: DenoisingRun, _ predictions: GuidancePredictions) throws -> Tensor? {
    guard plugin.has(.guidance) else { return nil }
    var combined: Tensor?
    try perform(.guidance, run) {
      let context = plugin.context
      _ = try plugin.call(
        .guidance,
        arguments: {
          var noise = LuaTable()
          noise["cond"] = try context.value(predictions.conditional)
          noise["uncond"] = try context.value(predictions.unconditional)
          noise["pred"] = try context.value(predictions.combined)
          noise["x"] = try context.value(predictions.latents)
          noise["sigma"] = .number(run.sigmas[run.step])
          return place(run) + [.table(noise)]
        },
        use: { result in
          if result.isNil { return }
          guard let tensor = try context.tensor(result) else {
            throw HookFault("the result is \(context.typeName(result)), wanted a tensor or nil")
          }
          let wanted = predictions.combined.shape
          if tensor.shape != wanted {
            throw HookFault("the result has shape \(TensorError.text(tensor.shape)), wanted \(TensorError.text(wanted))")
          }
          if let index = try tensor.firstNonFinite() {
            throw HookFault("the result is NaN or infinite (element \(index))")
          }
          combined = try tensor.contiguous()
        })
    }
    return combined
  }

  /// Calls `on_step_end` with `kwargs`, and writes what it returns.
  func stepEnds(_ run: DenoisingRun) throws {
    guard plugin.has(.stepEnd) else { return }
    try perform(.stepEnd, run) {
      var offered: [String: LuaValue] = [:]
      _ = try plugin.call(
        .stepEnd,
        arguments: {
          offered = try kwargs(run)
          return place(run) + [
            .table(LuaTable(fields: offered.map { .init(key: .string($0.key), value: $0.value) }))
          ]
        },
        use: { result in try write(result, offered, to: run) })
    }
  }

  /// Calls `on_run_end`.
  func runEnds(_ run: DenoisingRun) throws {
    guard plugin.has(.runEnd) else { return }
    try perform(.runEnd, run) { try call(.runEnd, [PipeHandle.value]) }
  }

  // MARK: Calls

  private func call(_ hook: PluginManifest.Hook, _ arguments: [LuaValue]) throws {
    _ = try plugin.call(hook, arguments: { arguments }, use: { _ in })
  }

  /// `pipe`, `step` and `t`.
  private func place(_ run: DenoisingRun) -> [LuaValue] {
    [PipeHandle.value, .integer(Int64(run.step)), LuaValue(timestep: run.timestep)]
  }

  /// A handle for each tensor that the plugin asked for, made when it is touched, from the state as it is now.
  private func kwargs(_ run: DenoisingRun) throws -> [String: LuaValue] {
    let state = run.state
    let context = plugin.context
    var handles: [String: LuaValue] = [:]
    for name in plugin.manifest.tensorInputs ?? run.tensorNames {
      let id = try context.tensors.addLater { try context.asHost { try run.tensor(name, of: state) } }
      handles[name] = .handle(LuaHandle(kind: PluginContext.Kind.tensor, id: id))
    }
    return handles
  }

  /// Writes the tensors of a returned `kwargs` that differ from those offered.
  private func write(_ result: LuaValue, _ offered: [String: LuaValue], to run: DenoisingRun) throws {
    if result.isNil { return }
    let context = plugin.context
    guard case .table(let table) = result else {
      throw HookFault("the result is \(context.typeName(result)), wanted kwargs or nil")
    }
    var changes: [String: Tensor] = [:]
    for (key, value) in table.entries {
      guard let name = key.asText, run.tensorNames.contains(name) else {
        let shown = key.asText.map { "'\(PluginText.escaped(String($0.prefix(64))))'" } ?? "a \(key.typeName)"
        throw HookFault("kwargs has the key \(shown), this pipeline offers \(run.tensorNames.joined(separator: ", "))")
      }
      if value == offered[name], let id = value.asHandle?.id, context.tensors.isUnchanged(id) { continue }
      guard let tensor = try context.tensor(value) else {
        throw HookFault("kwargs.\(name) is \(context.typeName(value)), wanted a tensor")
      }
      changes[name] = tensor
    }
    // In the order of the names on offer: the half set by its own name wins over both halves set together.
    for name in run.tensorNames {
      guard let tensor = changes[name] else { continue }
      do {
        try context.asHost { try run.setTensor(tensor, for: name) }
      } catch let error as PipelineError {
        throw HookFault("kwargs.\(name): \(error)")
      }
    }
  }

  // MARK: Failure

  /// Runs one hook: what it changed is undone when it fails, and the policy says how the run goes on.
  private func perform(_ hook: PluginManifest.Hook, _ run: DenoisingRun, _ body: () throws -> Void) throws {
    if isDropped { return }
    let before = run.state
    plugin.context.run = run
    defer { plugin.context.run = nil }
    do {
      try body()
    } catch {
      run.state = before
      if let error = error as? LuaError, error.kind == .stopped {
        isDropped = true
        throw TensorError.interrupted
      }
      let failure = PluginFailure(plugin: plugin.manifest.id, description: message(error, hook, run))
      if policy == .abort { throw failure }
      isDropped = true
      run.warnings.append("the plugin '\(plugin.manifest.id)' is dropped: \(failure)")
    }
  }

  /// `plugins/x.lua:12: on_step_end, step 3/25: ...`
  private func message(_ error: any Error, _ hook: PluginManifest.Hook, _ run: DenoisingRun) -> String {
    var place = hook.rawValue
    if hook != .runBegin && hook != .runEnd { place += ", step \(run.step)/\(run.timestepCount)" }
    let path = plugin.package.path
    guard let error = error as? LuaError else { return "\(path): \(place): \(error)" }
    let chunk = plugin.package.chunkName
    guard let line = error.line, error.message.hasPrefix("\(chunk):\(line): ") else {
      return "\(plugin.package.shown("\(place): \(error.message)"))"
    }
    let rest = error.message.dropFirst("\(chunk):\(line): ".count)
    return "\(path):\(line): \(place): \(rest)"
  }
}

/// What a hook returned, or declared, that the host cannot use.
private struct HookFault: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
