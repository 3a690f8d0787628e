import Foundation
import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTestSupport

/// Plugin files in a folder of their own, for the tools that need no model.
struct BenchTrial {
  let folder: TemporaryFolder
  let bench: PluginBench

  init(limits: PluginLimits = PluginLimits()) throws {
    folder = try TemporaryFolder()
    bench = PluginBench(registry: PluginRegistry(folders: []), limits: limits)
  }

  /// A plugin that is a table with what `fields` says.
  static func table(_ fields: String) -> String { "return { id = \"x\", version = \"1\", api = 1,\n\(fields)\n}" }

  /// Writes a file; its path.
  @discardableResult
  func add(_ source: String, name: String = "x.lua") throws -> String { try folder.write(source, to: name).path }

  /// A text with the folder left out.
  func shown(_ text: String) -> String { text.replacing(folder.url.path + "/", with: "") }

  /// What a check of the source finds.
  func check(_ source: String) async throws -> PluginCheckReport { try await bench.check(add(source)) }

  /// What the tests of the source come to, a line each: `ok name`, or `name: message`.
  func test(_ source: String, trace: RunTrace? = nil) async throws -> [String] {
    lines(of: try await bench.test(add(source), trace: trace))
  }

  /// The entries of a report, a line each.
  func lines(of report: PluginTestReport) -> [String] {
    report.loading.map { [shown($0.description)] }
      ?? report.entries.map { entry in
        entry.failure.map { "\(entry.name): \(shown($0.description))" } ?? "ok \(entry.name)"
      }
  }
}
