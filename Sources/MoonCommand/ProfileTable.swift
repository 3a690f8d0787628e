internal import Foundation
package import MoonPipelines
internal import MoonTensor

/// Where the time of a run goes, as a table.
package struct ProfileTable: Sendable {
  /// A part of the run: its name, what it is divided by, its seconds and its operations.
  private struct Part {
    let name: String
    let title: String
    let seconds: Double
    let rows: [(kind: String, calls: Double, entry: OperationProfile.Entry)]
  }
  private let parts: [Part]

  /// The table of a run.
  ///
  /// - Parameters:
  ///   - profile: Its operations, of the steps those that were counted.
  ///   - countedSteps: Seconds of the steps that were counted.
  ///   - prepareSeconds: Seconds of everything before the first step.
  ///   - decodeSeconds: Seconds of the decoder.
  package init(_ profile: RunProfile, countedSteps: [Double], prepareSeconds: Double, decodeSeconds: Double) {
    let count = Double(max(countedSteps.count, 1))
    func rows(_ results: [OperationProfile.Kind: OperationProfile.Entry], over count: Double) -> [(
      kind: String, calls: Double, entry: OperationProfile.Entry
    )] {
      results.map { kind, entry in
        var share = entry
        (share.seconds, share.operations) = (entry.seconds / count, entry.operations / count)
        return (kind.rawValue, Double(entry.calls) / count, share)
      }.sorted { $0.entry.seconds > $1.entry.seconds }
    }
    parts = [
      Part(
        name: "preparation", title: "preparation (text encoders, encoder)", seconds: prepareSeconds,
        rows: rows(profile.preparation.results, over: 1)),
      Part(
        name: "step", title: "a step (mean of \(countedSteps.count))",
        seconds: countedSteps.reduce(0, +) / count, rows: rows(profile.steps.results, over: count)),
      Part(
        name: "decoding", title: "decoding", seconds: decodeSeconds, rows: rows(profile.decoding.results, over: 1)),
    ]
  }

  /// A line for each kind of operation: calls, seconds, share of the part, GFLOP/s where operations are counted.
  package var text: String {
    var table = TextTable([.left, .right, .right, .right, .right])
    for part in parts {
      table.add(["  operation", "calls", "seconds", "share", "GFLOP/s"])
      var rest = part.seconds
      for row in part.rows {
        rest -= row.entry.seconds
        let rate = row.entry.operations / max(row.entry.seconds, 1e-9) / 1e9
        table.add([
          "  \(row.kind)", Self.number(row.calls, 0), Self.number(row.entry.seconds, 4),
          Self.share(row.entry.seconds, of: part), row.entry.operations > 0 ? Self.number(rate, 1) : "",
        ])
      }
      table.add(["  everything else", "", Self.number(rest, 4), Self.share(rest, of: part), ""])
    }
    // The columns are those of all parts; each part's lines stand below its title.
    var lines = table.text.split(separator: "\n")[...]
    return parts.map { part in
      let own = lines.prefix(part.rows.count + 2)
      lines = lines.dropFirst(own.count)
      return "\(part.title): \(Self.number(part.seconds, 3)) s\n" + own.map { $0 + "\n" }.joined()
    }.joined()
  }

  /// The same as one object, a member for each part.
  package var json: JSONText {
    .object(
      parts.map { part in
        JSONText.Member(
          part.name,
          .object([
            .init("seconds", .number(part.seconds)),
            .init(
              "operations",
              .array(
                part.rows.map { row in
                  .object([
                    .init("kind", .string(row.kind)), .init("calls", .number(row.calls)),
                    .init("seconds", .number(row.entry.seconds)),
                    .init("gflop", .number(row.entry.operations / 1e9)),
                  ])
                })),
          ]))
      })
  }

  private static func share(_ seconds: Double, of part: Part) -> String {
    number(100 * seconds / max(part.seconds, 1e-9), 1) + " %"
  }

  private static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
