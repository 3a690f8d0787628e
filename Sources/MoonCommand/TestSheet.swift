package import MoonHost
internal import MoonPlugins

/// What is told of the tests of plugins.
package struct TestSheet: Sendable {
  private let reports: [PluginTestReport]

  /// A sheet of reports.
  package init(_ reports: [PluginTestReport]) { self.reports = reports }

  /// Whether nothing failed.
  package var isOK: Bool { reports.areOK }

  /// A line for each test, what failed, and a summary.
  package var text: String {
    let lines = reports.map { report in
      var lines = PluginText.escaped(report.path) + (report.entries.isEmpty && report.isOK ? ": no tests\n" : "\n")
      if let failure = report.loading { lines += failure.indented }
      for entry in report.entries {
        let name = PluginText.escaped(entry.name)
        lines += entry.failure.map { "  failed  \(name)\n" + $0.indented } ?? "  ok      \(name)\n"
      }
      // A test that fails may have said why.
      return report.isOK ? lines : lines + report.log.map { "  log: \($0)\n" }.joined()
    }
    return lines.joined() + summary
  }

  /// `12 tests of 5 plugins, 1 failed`
  private var summary: String {
    let count = reports.map(\.entries.count).reduce(0, +)
    let failed = reports.map { $0.failureCount + ($0.loading == nil ? 0 : 1) }.reduce(0, +)
    let plugins = "\(reports.count) \(reports.count == 1 ? "plugin" : "plugins")"
    return
      "\(count) \(count == 1 ? "test" : "tests") of \(plugins), \(failed == 0 ? "all passed" : "\(failed) failed")\n"
  }

  /// The same as one JSON object.
  package var json: JSONText { reports.json }
}

extension PluginTestReport: SheetEntry {
  var json: JSONText {
    .object([
      .init("path", .string(path)), .init("ok", .bool(isOK)), .init("error", loading?.json ?? .null),
      .init(
        "tests",
        .array(
          entries.map { entry in
            .object([
              .init("name", .string(entry.name)), .init("ok", .bool(entry.failure == nil)),
              .init("error", entry.failure?.json ?? .null),
            ])
          })),
      .init("log", .strings(log)),
    ])
  }
}
