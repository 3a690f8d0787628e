package import MoonHost
internal import MoonPlugins

/// What is told of checked plugins.
package struct CheckSheet: Sendable {
  private let reports: [PluginCheckReport]

  /// A sheet of reports.
  package init(_ reports: [PluginCheckReport]) { self.reports = reports }

  /// Whether nothing failed.
  package var isOK: Bool { reports.areOK }

  /// For each plugin its name, a line for each kind of run, and warnings.
  package var text: String {
    reports.map { report in
      var lines = PluginText.escaped(report.path) + (report.id.map { ", \($0)" } ?? "") + "\n"
      if let failure = report.loading { lines += failure.indented }
      let width = report.entries.map(\.kind.count).max() ?? 0
      var told: Set<String> = []
      for entry in report.entries {
        let name = "  " + entry.kind + String(repeating: " ", count: width + 2 - entry.kind.count)
        switch entry.verdict {
        case .ok: lines += "\(name)ok, \(entry.runs) \(entry.runs == 1 ? "run" : "runs")\n"
        case .refused(let reason): lines += "\(name)does not fit: \(reason)\n"
        case .failed(let failure):
          let isNew = told.insert(failure.description).inserted
          lines += isNew ? "\(name)failed\n" + failure.indented : "\(name)failed, as above\n"
          if isNew { lines += entry.log.map { "    log: \($0)\n" }.joined() }
        }
      }
      return lines + report.warnings.map { "  warning: \($0)\n" }.joined()
    }.joined()
  }

  /// The same as one JSON object.
  package var json: JSONText { reports.json }
}

extension PluginCheckReport: SheetEntry {
  var json: JSONText {
    .object([
      .init("path", .string(path)), .init("id", id.map { .string($0) } ?? .null), .init("ok", .bool(isOK)),
      .init("error", loading?.json ?? .null),
      .init(
        "kinds",
        .array(
          entries.map { entry in
            .object([
              .init("kind", .string(entry.kind)), .init("runs", .integer(Int64(entry.runs))),
              .init("verdict", .string(entry.verdict.name)), .init("error", entry.verdict.json),
              .init("log", .strings(entry.log)),
            ])
          })),
      .init("warnings", .strings(warnings)),
    ])
  }
}

extension PluginCheckReport.Verdict {
  /// Its name in JSON.
  fileprivate var name: String {
    switch self {
    case .ok: "ok"
    case .refused: "refused"
    case .failed: "failed"
    }
  }

  /// What is wrong, as JSON.
  fileprivate var json: JSONText {
    switch self {
    case .ok: .null
    case .refused(let reason): .object([.init("message", .string(reason)), .init("excerpt", .null)])
    case .failed(let failure): failure.json
    }
  }
}
