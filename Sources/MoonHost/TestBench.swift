internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// What the tests of one plugin are given: runs of the plugin, without a model.
final class TestBench {
  /// The most runs of one test.
  private static let maximumRunCount = 100

  /// Pipelines that the plugin fits; a test's run is of the first by default.
  var pipelines = ["sd"]
  private let name: String
  private let registry: PluginRegistry
  private let limits: PluginLimits
  private let trace: RunTrace?
  /// Takes what the plugin prints in runs that fail.
  private let log: LineCollector
  /// Calls a test with a fresh `t`.
  private var starter: LuaFunction?
  private var runsLeft = 0

  init(_ name: String, registry: PluginRegistry, limits: PluginLimits, trace: RunTrace?, log: LineCollector) {
    self.name = name
    self.registry = registry
    self.limits = limits
    self.trace = trace
    self.log = log
  }

  /// Defines what tests use, before the plugin's file runs.
  func define(in sandbox: LuaSandbox, _ context: PluginContext) throws {
    let run = context.guarded({ [unowned self] arguments in .values([try self.run(arguments)]) }, "run")
    try sandbox.define(table: "moon_test", name: "run", function: run)
    guard let starter = try sandbox.loadBeside(TestPrelude.source, name: "functions of tests") else {
      preconditionFailure("the functions of tests do not load")
    }
    self.starter = starter
  }

  /// Runs a test.
  ///
  /// - Returns: What it stumbled over, `nil` when it passed, and whether the plugin has to be loaded anew for the next.
  func run(_ test: LuaFunction, in plugin: LuaPlugin) -> (failure: PluginFailure?, isOver: Bool) {
    guard let starter else { preconditionFailure("a test before the functions of tests are there") }
    runsLeft = Self.maximumRunCount
    do {
      try plugin.call(starter, arguments: { [.function(test)] })
      return (nil, false)
    } catch {
      return (plugin.failure(error, in: test), (error as? LuaError)?.isFinal ?? false)
    }
  }

  /// `t:run{...}`
  private func run(_ arguments: HostArguments) throws -> LuaValue {
    if runsLeft < 1 { throw HostError.message("the limit of \(Self.maximumRunCount) runs in a test is reached") }
    runsLeft -= 1
    let setting = try TestSetting(arguments, pipeline: pipelines.first ?? "sd", trace: trace)
    let rehearsal = PluginRehearsal(
      plugins: setting.usesPlugin ? [PluginSpecification(name: name, options: setting.options)] : [],
      registry: registry, limits: limits)
    let context = arguments.context
    let (outcome, images) = try context.asHost {
      do {
        return try rehearsal.withTemporaryFolder { try ($0.run(setting.rehearsal), $0.savedImages) }
      } catch let error as TensorError where error == .interrupted {
        throw error
      } catch {
        rehearsal.log.lines.forEach(log.add)
        throw HostError.message("\(error)")
      }
    }
    return try TestResult(outcome, setting.rehearsal, images: images).value(in: context)
  }
}
