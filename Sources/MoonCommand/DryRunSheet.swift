package import MoonHost

/// What is told of a dry run.
package struct DryRunSheet: Sendable {
  private let report: DryRunReport

  /// A sheet of a report.
  package init(_ report: DryRunReport) { self.report = report }

  /// The share saved in percent, without a sign where the plugins add work.
  private var percent: String { Self.number(abs(report.saved) * 100, digits: 1) }

  /// A line a step, then what the run costs.
  package var text: String {
    var table = TextTable([.right, .right, .right, .right, .right, .right])
    table.add(["step", "timestep", "sigma", "guidance", "rows", "without"])
    for step in report.steps {
      table.add([
        "\(step.step)", Self.number(step.timestep, digits: 3), Self.number(step.sigma, digits: 4),
        Self.number(step.guidance, digits: 4), "\(step.rows)", step.plainRows == 0 ? "-" : "\(step.plainRows)",
      ])
    }
    let end =
      report.isInterrupted ? "; ended early, after \(report.steps.count) of \(report.plainSteps) steps" : ""
    let share =
      report.saved > 0
      ? "\(percent) % of the model's work saved"
      : report.saved < 0 ? "\(percent) % more work for the model" : "as much work for the model as without"
    return table.text + "\(report.rows) rows, \(report.plainRows) without: \(share)\(end)\n"
  }

  /// The same as one JSON object.
  package var json: JSONText {
    .object([
      .init("plugins", .strings(report.plugins)), .init("pipeline", .string(report.pipeline)),
      .init("scheduler", .string(report.scheduler)),
      .init(
        "steps",
        .array(
          report.steps.map {
            .object([
              .init("step", .integer(Int64($0.step))), .init("timestep", .number($0.timestep)),
              .init("sigma", .number($0.sigma)), .init("guidance", .number($0.guidance)),
              .init("rows", .integer(Int64($0.rows))), .init("plain_rows", .integer(Int64($0.plainRows))),
            ])
          })),
      .init("rows", .integer(Int64(report.rows))), .init("plain_rows", .integer(Int64(report.plainRows))),
      .init("saved", .number(report.saved)), .init("interrupted", .bool(report.isInterrupted)),
      .init("warnings", .strings(report.warnings)), .init("log", .strings(report.log)),
    ])
  }

  /// A number with at most so many digits after the point, without needless zeros.
  static func number(_ value: Double, digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    if let whole = Int64(exactly: rounded) { return "\(whole)" }
    return "\(rounded)"
  }
}
