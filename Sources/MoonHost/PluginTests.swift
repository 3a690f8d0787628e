internal import Foundation
internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins

/// Runs the tests that a plugin brings along: `tests` of its table, and in a folder those that `test.lua` returns.
///
/// The tests run in a sandbox of their own; each run that they ask for loads the plugin afresh, as a run of a model does.
struct PluginTests {
  let name: String
  let registry: PluginRegistry
  let limits: PluginLimits
  let trace: RunTrace?

  /// Tests that may meet a limit before the rest is left out: each takes all of its time.
  private static let mostOver = 8

  /// Runs all tests, each in a sandbox that still runs: where a limit ended one, the next has a new one.
  ///
  /// - Throws: `PluginError` when there is no such plugin.
  func callAsFunction() throws -> PluginTestReport {
    var report = PluginTestReport(path: name)
    let log = LineCollector()
    do {
      let bench = TestBench(name, registry: registry, limits: limits, trace: trace, log: log)
      var plugin = try load(for: bench, log)
      defer { plugin.close() }
      bench.pipelines = plugin.manifest.pipelines
      var tests = try tests(of: plugin)
      var over = 0
      for index in tests.indices {
        let (failure, isOver) = bench.run(tests[index].function, in: plugin)
        report.entries.append(.init(name: tests[index].name, failure: failure))
        if !isOver || index + 1 == tests.count { continue }
        over += 1
        if over == Self.mostOver {
          throw PluginFailure(
            plugin: name,
            description:
              "\(name): \(over) tests have met a limit, the \(tests.count - index - 1) after them are not run")
        }
        plugin.close()
        plugin = try load(for: bench, log)
        let names = tests.map(\.name)
        tests = try self.tests(of: plugin)
        if tests.map(\.name) != names {
          throw PluginFailure(plugin: name, description: "\(name): its tests are others when it is loaded again")
        }
      }
    } catch let failure as PluginFailure {
      report.loading = failure
    } catch let error as PluginError where !error.isUsage {
      report.loading = PluginFailure(plugin: name, description: "\(error)")
    }
    report.log = log.lines
    return report
  }

  private func load(for bench: TestBench, _ log: LineCollector) throws -> LuaPlugin {
    try LuaPlugin(
      PluginSpecification(name: name, options: ""), registry: registry, limits: limits, number: 0, seed: 0,
      imageFolder: { _ in nil }, log: { log.add($0) }, isRun: false,
      prepare: { try bench.define(in: $0, $1) })
  }

  /// The tests of the plugin's table, and those of a folder's `test.lua`.
  private func tests(of plugin: LuaPlugin) throws -> [(name: String, function: LuaFunction)] {
    var tests = plugin.manifest.tests
    guard let folder = plugin.package.folder,
      FileManager.default.fileExists(atPath: folder.appending(path: "test.lua").path)
    else { return tests }
    do {
      let value = try plugin.context.withinTensorLimits {
        let value = try plugin.sandbox.load(source: Array("return require('test')".utf8))
        try plugin.context.endLoading()
        return value
      }
      let path = plugin.package.path.dropLast("init.lua".count) + "test.lua"
      tests += try PluginManifest.tests(value, plugin: String(path))
    } catch let error as LuaError {
      throw plugin.failure(error, in: nil)
    }
    return tests
  }
}
