public import Foundation
public import MoonPipelines
public import MoonPlugins

/// One run with its plugins, on a thread of its own.
///
/// ```swift
/// let run = GenerationRun(plugins: ["sd_cfg_cutoff:cutoff_step_ratio=0.4"])
/// let result = try await run.generate(with: pipeline, request)
/// ```
public actor GenerationRun {
  private let thread = RunThread()
  private let specifications: [PluginSpecification]
  private let registry: PluginRegistry
  private let policy: PluginFailurePolicy
  private let limits: PluginLimits
  private let imageFolder: URL?
  private let log: @Sendable (String) -> Void
  private let warn: @Sendable (String) -> Void
  /// Options of the plugins, to be changed while they run.
  public nonisolated let options = LiveOptions()
  private var plugins: [LuaPlugin] = []
  private var loadedSeed: UInt64?
  /// What each plugin of the last run used, in the order of the calls.
  package private(set) var usage: [PluginUsage] = []

  /// The run's own thread.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

  /// A run that has loaded nothing yet.
  ///
  /// - Parameters:
  ///   - plugins: `NAME-or-FILE[:key=value,...]`, in the order of their calls; the same one twice is two plugins.
  ///   - registry: Where plugins are looked for by name.
  ///   - policy: What happens when a plugin fails.
  ///   - limits: What each plugin may use.
  ///   - imageFolder: The pictures of a plugin go to a folder in it, named by the plugin's id; `nil` refuses to save.
  ///   - log: Takes the lines that plugins print, from the run's thread.
  ///   - warn: Takes what plugins warn of when they do; the run's report holds it, too.
  public init(
    plugins: [String] = [], registry: PluginRegistry = PluginRegistry(), policy: PluginFailurePolicy = .abort,
    limits: PluginLimits = PluginLimits(), imageFolder: URL? = nil,
    log: @escaping @Sendable (String) -> Void = { _ in },
    warn: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    specifications = plugins.map { PluginSpecification($0) }
    self.registry = registry
    self.policy = policy
    self.limits = limits
    self.imageFolder = imageFolder
    self.log = log
    self.warn = warn
  }

  /// Loads the plugins and checks their declarations and options; nothing else is needed for that.
  ///
  /// - Parameter seed: The run's first seed, from which the plugins' own random streams start.
  /// - Returns: What was loaded, in the order of the calls.
  /// - Throws: `PluginError` for a plugin that is not there, a bad declaration or a bad option; `PluginFailure` for a
  ///   file that does not run.
  @discardableResult
  public func loadPlugins(seed: UInt64) throws -> [PluginSummary] {
    plugins = []
    loadedSeed = nil
    var folders: [String: Int] = [:]
    var uses: [String: Int] = [:]
    for (number, specification) in specifications.enumerated() {
      let plugin = try LuaPlugin(
        specification, registry: registry, limits: limits, number: number, seed: seed,
        earlier: { uses[$0, default: 0] },
        imageFolder: { id in
          let earlier = folders[id, default: 0]
          return self.imageFolder?.appending(path: earlier == 0 ? id : "\(id)-\(earlier + 1)")
        }, log: log, warn: warn)
      folders[plugin.manifest.id, default: 0] += 1
      for name in plugin.names { uses[name, default: 0] += 1 }
      plugins.append(plugin)
    }
    loadedSeed = seed
    options.begin(plugins)
    return plugins.map { PluginSummary($0) }
  }

  /// Makes pictures, with the plugins loaded now if they were not yet.
  ///
  /// - Parameters:
  ///   - pipeline: The model.
  ///   - request: What to make.
  ///   - threads: Threads to use; all processors by default.
  ///   - stop: Raised by the caller to end the loop and keep the picture so far.
  ///   - afterStep: Called after each step and what the plugins do then, on the run's thread; it looks at the run and
  ///     changes nothing.
  ///   - progress: Called after each step, on the run's thread.
  /// - Returns: The pictures, the latents and a report.
  /// - Throws: `PluginFailure`, `PluginError`, `PipelineError`.
  public func generate(
    with pipeline: StableDiffusionPipeline, _ request: GenerationRequest, threads: Int? = nil,
    stop: StopFlag = StopFlag(), afterStep: @escaping @Sendable (DenoisingRun) -> Void = { _ in },
    progress: @Sendable (StepProgress) -> Void = { _ in }
  ) throws -> GenerationResult {
    let seed = request.seeds.first ?? 0
    if loadedSeed != seed { try loadPlugins(seed: seed) }
    for plugin in plugins where !plugin.manifest.pipelines.contains(pipeline.name) {
      throw PluginError.wrongPipeline(
        plugin: plugin.manifest.id, pipelines: plugin.manifest.pipelines, model: pipeline.name)
    }
    // A plugin's state belongs to one run.
    defer {
      for plugin in plugins { plugin.close() }
      usage = plugins.map(\.usage)
      plugins = []
      loadedSeed = nil
      options.begin([])
    }
    let hooks: [any StepCallback] = plugins.map { LuaCallback($0, policy: policy, options: options) }
    return try pipeline.run(
      request, callbacks: hooks + [ClosureCallback(afterStep)], threads: threads, shouldStop: { stop.isRaised },
      progress: progress)
  }
}

/// What was loaded of a plugin.
public struct PluginSummary: Sendable {
  /// Its id.
  public let id: String
  /// Its version.
  public let version: String
  /// SHA-256 of its main file, in hexadecimal.
  public let sha256: String
  /// The values of its options, defaults included.
  public let options: [(name: String, value: OptionValue)]

  init(_ plugin: LuaPlugin) {
    id = plugin.manifest.id
    version = plugin.manifest.version
    sha256 = SHA256.hexadecimal(of: plugin.package.source)
    options = plugin.context.options
  }
}
