internal import Foundation
internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// Rehearsals with plugins, freshly loaded for each: what the tools for authors run.
struct PluginRehearsal {
  /// The plugins, in the order of the calls.
  let plugins: [PluginSpecification]
  let registry: PluginRegistry
  let limits: PluginLimits
  /// Where their pictures go; `nil` refuses to save.
  var imageFolder: URL?
  /// Notes what the plugins make use of.
  var witness: PluginWitness?
  /// What the plugins print, also those of a run that fails.
  let log = LineCollector()

  /// One step as it was after all plugins.
  struct Step {
    let step: Int
    let timestep: Double
    let sigma: Double
    let nextSigma: Double
    /// The scales that the next step starts with.
    let guidanceScale: Double
    let controlScales: [Double]
    let adapterScales: [Double]
    let latents: Tensor
  }

  /// What a run came to.
  struct Outcome {
    var result: Rehearsal.Outcome
    var steps: [Step]
    var log: [String]
  }

  /// Loads the plugins and runs them.
  ///
  /// - Throws: `PluginError`, `PluginFailure`, `PipelineError`, `SchedulerError`.
  func run(_ rehearsal: Rehearsal, shouldStop: @escaping @Sendable () -> Bool = { false }) throws -> Outcome {
    var loaded: [LuaPlugin] = []
    defer { for plugin in loaded { plugin.close() } }
    for (number, specification) in plugins.enumerated() {
      let plugin = try LuaPlugin(
        specification, registry: registry, limits: limits, number: number, seed: rehearsal.request.seeds[0],
        imageFolder: { id in imageFolder?.appending(path: id) }, log: { log.add($0) },
        prepare: { sandbox, _ in try witness?.begin(sandbox) })
      plugin.context.witness = witness
      loaded.append(plugin)
      if !plugin.manifest.pipelines.contains(rehearsal.pipeline) {
        throw PluginError.misfit(
          plugin: plugin.manifest.id,
          detail: "the plugin fits \(plugin.manifest.pipelines.joined(separator: " and ")), not \(rehearsal.pipeline)")
      }
    }
    defer { for plugin in loaded { witness?.end(plugin.sandbox) } }
    let recorder = StepRecorder()
    let callbacks = loaded.map { LuaCallback($0, policy: .abort) }
    let result = try rehearsal.run(callbacks: callbacks + [recorder], shouldStop: shouldStop)
    return Outcome(result: result, steps: recorder.steps, log: log.lines)
  }

  /// Runs `body` with a folder for pictures that goes afterwards.
  func withTemporaryFolder<Result>(_ body: (PluginRehearsal) throws -> Result) rethrows -> Result {
    var copy = self
    return try TemporaryFolders.withFolder { folder in
      copy.imageFolder = folder
      return try body(copy)
    }
  }

  /// Names of the pictures that were saved to `imageFolder`, sorted.
  var savedImages: [String] {
    guard let imageFolder else { return [] }
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: imageFolder.path)) ?? []
    return names.filter { $0.hasSuffix(".png") }.map { URL(filePath: $0).lastPathComponent }.sorted()
  }

  /// Looks at the run after each step, behind all plugins.
  private final class StepRecorder: StepCallback {
    private(set) var steps: [Step] = []

    func stepEnds(_ run: DenoisingRun) {
      let (state, sigmas) = (run.state, run.sigmas)
      steps.append(
        Step(
          step: run.step, timestep: run.timestep, sigma: sigmas[run.step], nextSigma: sigmas[run.step + 1],
          guidanceScale: state.guidanceScale, controlScales: state.controlScales, adapterScales: state.adapterScales,
          latents: state.latents))
    }
  }
}
