import Foundation
import MoonHost
import MoonPlugins
import MoonTestSupport
import Testing

/// The bundled plugins and the examples are held to what their authors' tools say.
@Suite("Bundled plugins under the tools for authors") struct BundledTestTests {
  private static let root = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()
  private static let files = ["plugins", "examples"].flatMap { folder in
    let url = root.appending(path: folder)
    return ((try? FileManager.default.subpathsOfDirectory(atPath: url.path)) ?? []).sorted()
      .filter { $0.hasSuffix(".lua") && !$0.hasPrefix("meta/") && !$0.dropLast(4).hasSuffix("test") }
      .filter { !$0.contains("/") || folder == "examples" }
      .map { url.appending(path: $0).path }
  }

  /// Other suites run meanwhile: nothing here is about time.
  private static var bench: PluginBench {
    var limits = PluginLimits()
    (limits.hookSeconds, limits.runSeconds) = (120, 600)
    return PluginBench(registry: PluginRegistry(folders: []), limits: limits)
  }

  @Test("pass the check without a warning", arguments: files)
  func check(path: String) async throws {
    let report = try await Self.bench.check(path)
    #expect(report.loading == nil, "\(report.loading?.description ?? "")")
    for entry in report.entries {
      if case .failed(let failure) = entry.verdict { Issue.record("\(entry.kind): \(failure)") }
    }
    #expect(report.warnings == [])
  }

  @Test("pass their own tests; each of the cut-offs has some", arguments: files)
  func test(path: String) async throws {
    let report = try await Self.bench.test(path)
    #expect(report.loading == nil)
    for entry in report.entries where entry.failure != nil {
      Issue.record("\(entry.name): \(entry.failure?.description ?? "")")
    }
    if path.hasSuffix("_cutoff.lua") { #expect(report.entries.count >= 6) }
  }
}
