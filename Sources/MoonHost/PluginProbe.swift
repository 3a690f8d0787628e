package import MoonPipelines
package import MoonPlugins
package import MoonTensor

/// A plugin in a real run whose callback is called again and again, to measure what a call costs.
///
/// Every call is a whole one: with the checkpoint of the run's state, the tensors on offer, and the checks of the result.
package final class PluginProbe: StepCallback {
  private let callback: LuaCallback
  private let measure: (_ call: () throws -> Void, _ kept: [Tensor]) throws -> Void

  /// Loads a plugin.
  ///
  /// - Parameters:
  ///   - specification: Its name or path, and its options as text.
  ///   - registry: Where it is looked for.
  ///   - limits: What it may use.
  ///   - measure: Gets one call of `on_step_end`, to be made as often as it likes, and the tensors that the plugin keeps,
  ///     in the order in which it made them.
  /// - Throws: `PluginError`, `PluginFailure`.
  package init(
    _ specification: String, registry: PluginRegistry = PluginRegistry(folders: []),
    limits: PluginLimits = PluginLimits(),
    measure: @escaping (_ call: () throws -> Void, _ kept: [Tensor]) throws -> Void
  ) throws {
    let plugin = try LuaPlugin(
      PluginSpecification(specification), registry: registry, limits: limits, number: 0, seed: 0,
      imageFolder: { _ in nil }, log: { _ in })
    callback = LuaCallback(plugin, policy: .abort)
    self.measure = measure
  }

  package func runBegins(_ run: DenoisingRun) throws { try callback.runBegins(run) }

  package func stepBegins(_ run: DenoisingRun) throws { try callback.stepBegins(run) }

  package func combinesGuidance(_ run: DenoisingRun, _ predictions: GuidancePredictions) throws -> Tensor? {
    try callback.combinesGuidance(run, predictions)
  }

  package func stepEnds(_ run: DenoisingRun) throws {
    try measure({ try callback.stepEnds(run) }, callback.plugin.context.tensors.kept)
  }

  package func runEnds(_ run: DenoisingRun) throws { try callback.runEnds(run) }
}
