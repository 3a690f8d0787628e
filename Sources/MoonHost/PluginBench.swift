package import MoonPipelines
package import MoonPlugins

/// Runs the tools for authors of plugins, on a thread of its own. None of them needs a model.
package actor PluginBench {
  private let thread = RunThread()
  private let registry: PluginRegistry
  private let limits: PluginLimits

  /// The bench's own thread.
  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

  /// A bench that finds plugins in `registry`, which may use `limits`.
  package init(registry: PluginRegistry = PluginRegistry(), limits: PluginLimits = PluginLimits()) {
    self.registry = registry
    self.limits = limits
  }

  /// Checks the declaration of a plugin, and its hooks in rehearsals of each kind of run.
  ///
  /// - Parameter name: Its id or path.
  /// - Returns: What was found.
  /// - Throws: `PluginError` when there is no such plugin.
  package func check(_ name: String) throws -> PluginCheckReport {
    try PluginCheck(name, registry: registry, limits: limits)()
  }

  /// Rehearses a run with plugins and without.
  ///
  /// - Parameters:
  ///   - plugins: `NAME-or-FILE[:key=value,...]`, in the order of the calls.
  ///   - rehearsal: The run.
  ///   - log: Takes what the plugins print, before the method returns or throws.
  /// - Returns: Its steps, and what they cost.
  /// - Throws: `PluginError`, `PluginFailure`, `PipelineError`, `SchedulerError`.
  package func dryRun(
    _ plugins: [String], _ rehearsal: Rehearsal, log: @Sendable (String) -> Void = { _ in }
  ) throws -> DryRunReport {
    let plain = try rehearsal.run()
    let run = PluginRehearsal(
      plugins: plugins.map { PluginSpecification($0) }, registry: registry, limits: limits, imageFolder: nil)
    defer { run.log.lines.forEach(log) }
    let outcome = try run.withTemporaryFolder { try $0.run(rehearsal) }
    let report = outcome.result.report
    let steps = outcome.steps.enumerated().map { index, step in
      DryRunReport.Step(
        step: step.step, timestep: step.timestep, sigma: step.sigma, guidance: report.effectiveGuidance[index],
        rows: outcome.result.rows[index], plainRows: index < plain.rows.count ? plain.rows[index] : 0)
    }
    return DryRunReport(
      plugins: plugins, pipeline: report.pipeline, scheduler: report.scheduler, steps: steps,
      plainRows: plain.rows.reduce(0, +), plainSteps: plain.rows.count, isInterrupted: report.isInterrupted,
      warnings: report.warnings, log: outcome.log)
  }

  /// Runs the tests that plugins bring along.
  ///
  /// - Parameters:
  ///   - name: The plugin's id or path.
  ///   - trace: What the tests' runs replay; by default a stand-in for a model.
  /// - Returns: What each test came to.
  /// - Throws: `PluginError` when there is no such plugin.
  package func test(_ name: String, trace: RunTrace? = nil) throws -> PluginTestReport {
    try PluginTests(name: name, registry: registry, limits: limits, trace: trace)()
  }
}
