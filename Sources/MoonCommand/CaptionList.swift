internal import ArgumentParser

/// What stands below each picture of a sheet, from text such as `seconds,guidance`.
package struct CaptionList: ExpressibleByArgument, Sendable, Equatable, CustomStringConvertible {
  /// One thing to tell.
  package enum Part: String, Sendable, CaseIterable {
    /// Seconds of the run, decoding included.
    case seconds
    /// Guidance in effect: of all steps, or of the first and the last one.
    case guidance
    /// Steps that ran.
    case steps
  }

  /// The parts, in their order.
  package let parts: [Part]
  /// A name in the text that is not a part's.
  package let unknown: String?

  /// These parts.
  package init(_ parts: [Part]) {
    self.parts = parts
    unknown = nil
  }

  /// Reads names with commas between them; one that is unknown is kept, to be told of.
  package init(argument: String) {
    let names = argument.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
    parts = names.compactMap { Part(rawValue: $0) }
    unknown = names.first { Part(rawValue: $0) == nil }
  }

  /// The text that it is read from.
  package var description: String { parts.map(\.rawValue).joined(separator: ",") }

  /// What is told of a run.
  package func text(of report: RunReport) -> String {
    parts.map { part in
      switch part {
      case .seconds: ProgressLine.decimals(report.seconds) + " s"
      case .guidance: Self.guidance(report.guidance)
      case .steps: "\(report.stepSeconds.count) " + (report.stepSeconds.count == 1 ? "step" : "steps")
      }
    }.joined(separator: ", ")
  }

  private static func guidance(_ values: [Double]) -> String {
    guard let first = values.first, let last = values.last else { return "no guidance" }
    let ends = values.allSatisfy { $0 == first } ? [first] : [first, last]
    return "guidance " + ends.map { JSONText.number(($0 * 100).rounded() / 100).text }.joined(separator: " to ")
  }
}

extension RunReport {
  /// Seconds of the steps and of the decoding.
  package var seconds: Double { stepSeconds.reduce(0, +) + decodeSeconds }
}
