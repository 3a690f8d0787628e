internal import Foundation
internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// A `StepCallback` run by a plugin: it maps hooks to calls, and what plugins return to changes of the run.
final class LuaCallback: StepCallback {
  let plugin: LuaPlugin
  private let policy: PluginFailurePolicy
  private let options: LiveOptions?
  /// Whether the plugin failed, or was stopped, and is called no more.
  private(set) var isDropped = false

  /// A callback for `plugin`, whose options may be changed through `options`.
  init(_ plugin: LuaPlugin, policy: PluginFailurePolicy, options: LiveOptions? = nil) {
    self.plugin = plugin
    self.policy = policy
    self.options = options
  }

  /// Checks that the plugin fits the pipeline, and calls `on_run_begin`.
  func runBegins(_ run: DenoisingRun) throws {
    try perform(.runBegin, run) {
      for name in plugin.manifest.tensorInputs ?? [] where !run.tensorNames.contains(name) {
        throw HookFault(
          "tensor_inputs: there is no '\(PluginText.escaped(String(name.prefix(64))))'; " + offer(name, run),
          isRefusal: true)
      }
      try plugin.call(.runBegin, arguments: { [PipeHandle.value] })
    }
  }

  /// Calls `on_step_begin` with `kwargs`, and writes what it returns.
  func stepBegins(_ run: DenoisingRun) throws { try callWithTensors(.stepBegin, run) }

  /// Calls `on_guidance`; its tensor is the new combination.
  func combinesGuidance(_ run: DenoisingRun, _ predictions: GuidancePredictions) throws -> Tensor? {
    guard plugin.has(.guidance) else { return nil }
    var combined: Tensor?
    try perform(.guidance, run) {
      let context = plugin.context
      try plugin.call(
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
            throw HookFault(
              "the result has shape \(TensorError.text(tensor.shape)), wanted \(TensorError.text(wanted))")
          }
          if let index = try tensor.firstNonFinite() {
            throw HookFault("the result is NaN or infinite (element \(index))")
          }
          // The run's own from here on, and no longer the plugin's to pay for.
          combined = try context.asHost { try tensor.copied() }
        })
    }
    return isDropped ? nil : combined
  }

  /// Calls `on_step_end` with `kwargs`, and writes what it returns.
  func stepEnds(_ run: DenoisingRun) throws { try callWithTensors(.stepEnd, run) }

  /// Calls `on_run_end`.
  func runEnds(_ run: DenoisingRun) throws {
    guard plugin.has(.runEnd) else { return }
    try perform(.runEnd, run) { try plugin.call(.runEnd, arguments: { [PipeHandle.value] }) }
  }

  // MARK: Calls

  /// Calls a hook with `kwargs`, and writes what it returns.
  private func callWithTensors(_ hook: PluginManifest.Hook, _ run: DenoisingRun) throws {
    guard plugin.has(hook) else { return }
    try perform(hook, run) {
      var offered: [String: [LuaValue]] = [:]
      try plugin.call(
        hook,
        arguments: {
          offered = try kwargs(run)
          return place(run) + [
            .table(
              LuaTable(
                fields: offered.map { name, handles in
                  .init(key: .string(name), value: handles.count == 1 ? handles[0] : .list(handles))
                }))
          ]
        },
        use: { result in
          if result.isNil, let witness = plugin.context.witness {
            for name in changed(offered) { witness.noteUnreturned(name, of: hook) }
          }
          try write(result, offered, to: run)
        })
    }
  }

  /// `pipe`, `step` and `t`.
  private func place(_ run: DenoisingRun) -> [LuaValue] {
    [PipeHandle.value, .integer(Int64(run.step)), LuaValue(timestep: run.timestep)]
  }

  /// A handle for each tensor that the plugin asked for, made when it is touched, from the state as it is now.
  private func kwargs(_ run: DenoisingRun) throws -> [String: [LuaValue]] {
    let state = run.state
    let context = plugin.context
    var handles: [String: [LuaValue]] = [:]
    for name in plugin.manifest.tensorInputs ?? run.tensorNames {
      handles[name] = try (0..<run.tensorCount(of: name)).map { index in
        let id = try context.tensors.addLater {
          context.witness?.touchedTensors.insert(name)
          return try context.asHost { try run.tensor(name, at: index, of: state) }
        }
        return .handle(LuaHandle(kind: PluginContext.Kind.tensor, id: id))
      }
    }
    return handles
  }

  /// Names of tensors that were changed in place.
  private func changed(_ offered: [String: [LuaValue]]) -> [String] {
    offered.filter { _, handles in
      handles.compactMap(\.asHandle).contains { plugin.context.tensors.isWritten($0.id) }
    }.map(\.key)
  }

  /// The names on offer, and the one that was perhaps meant.
  private func offer(_ name: String, _ run: DenoisingRun) -> String {
    "this pipeline offers \(run.tensorNames.joined(separator: ", "))"
      + PluginText.suggestion(for: name, in: run.tensorNames)
  }

  /// Writes the tensors of a returned `kwargs` that differ from those offered.
  private func write(_ result: LuaValue, _ offered: [String: [LuaValue]], to run: DenoisingRun) throws {
    if result.isNil { return }
    let context = plugin.context
    guard case .table(let table) = result else {
      throw HookFault("the result is \(context.typeName(result)), wanted kwargs or nil")
    }
    var changes: [String: [(index: Int, tensor: Tensor)]] = [:]
    for (key, value) in table.entries {
      guard let name = key.asName, run.tensorNames.contains(name) else {
        throw HookFault("kwargs has the key \(PluginText.quoted(key)), " + offer(key.asName ?? "", run))
      }
      changes[name] = try self.changes(name, value, offered[name] ?? [], count: run.tensorCount(of: name))
    }
    // In the order of the names on offer: the half set by its own name wins over both halves set together.
    for name in run.tensorNames {
      for change in changes[name] ?? [] {
        do {
          try context.asHost { try run.setTensor(change.tensor, for: name, at: change.index) }
        } catch let error as PipelineError {
          throw HookFault("kwargs.\(name): \(error)")
        }
      }
    }
  }

  /// The tensors of one entry of a returned `kwargs` that differ from those offered.
  private func changes(
    _ name: String, _ value: LuaValue, _ offered: [LuaValue], count: Int
  ) throws -> [(index: Int, tensor: Tensor)] {
    let context = plugin.context
    var values = [value]
    if count > 1 {
      guard case .table(let table) = value, let list = table.pureList, list.count == count else {
        throw HookFault("kwargs.\(name) is \(context.typeName(value)), wanted a list of \(count) tensors")
      }
      values = list
    }
    return try values.enumerated().compactMap { index, value in
      if offered.indices.contains(index), value == offered[index], let id = value.asHandle?.id,
        context.tensors.isUnchanged(id)
      {
        return nil
      }
      guard let tensor = try context.tensor(value) else {
        throw HookFault("kwargs.\(name) is \(context.typeName(value)), wanted a tensor")
      }
      return (index, tensor)
    }
  }

  // MARK: Failure

  /// Runs one hook: what it changed is undone when it fails, and the policy says how the run goes on.
  private func perform(_ hook: PluginManifest.Hook, _ run: DenoisingRun, _ body: () throws -> Void) throws {
    if isDropped { return }
    let before = run.checkpoint()
    if let options { plugin.context.change(options.takeChanges(ofPlugin: plugin.context.number)) }
    plugin.context.run = run
    defer { plugin.context.run = nil }
    do {
      try body()
    } catch {
      run.restore(before)
      isDropped = true
      if run.shouldStop(), isStop(error) { throw TensorError.interrupted }
      var failure = plugin.failure(described(error), in: hook, during: moment(hook, run))
      failure.isRefusal =
        hook == .runBegin && ((error as? LuaError)?.isPlain ?? (error as? HookFault)?.isRefusal ?? false)
      if policy == .abort { throw failure }
      plugin.close()
      run.warnings.append("the plugin '\(plugin.manifest.id)' is dropped: \(failure)")
    }
  }

  /// Whether an error is what remains of a call that the caller of the run has stopped.
  private func isStop(_ error: any Error) -> Bool {
    (error as? LuaError)?.kind == .stopped || (error as? TensorError) == .interrupted
  }

  /// What is left of the deadline when the host itself meets it, in a plugin's words.
  private func described(_ error: any Error) -> any Error {
    (error as? TensorError) == .interrupted
      ? HookFault("time limit: no time is left to take over what the hook returned") : error
  }

  /// `on_step_end, step 3/25`
  private func moment(_ hook: PluginManifest.Hook, _ run: DenoisingRun) -> String {
    if hook == .runBegin || hook == .runEnd { return hook.rawValue }
    return "\(hook.rawValue), step \(run.step)/\(run.timestepCount)"
  }
}

/// What a hook returned, or declared, that the host cannot use.
private struct HookFault: Error, CustomStringConvertible {
  let description: String
  /// Whether the plugin wants what the run does not have.
  let isRefusal: Bool

  init(_ description: String, isRefusal: Bool = false) {
    self.description = description
    self.isRefusal = isRefusal
  }
}
