import ArgumentParser
import MoonTrialSupport

/// `moonproof refusals`: every allocation of a plugin refused once, until it runs through.
struct RefusalsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refusals", abstract: "Refuses every k-th allocation of plugins, k rising until they run through.")

  @Option(help: "Places between two refusals; 1 is every one.") var stride = 1
  @Option(help: "Runs of one plugin at most; places are left out for that.") var most = Int.max

  func run() async throws {
    var findings: [String] = []
    for sweep in RefusalSweep.all() {
      let report = try await sweep.run(stride: stride, most: most)
      printLine(
        "\(sweep.name): \(report.requests) requests, \(report.runs) runs, \(report.refusals) ended by a refusal,"
          + " \(report.findings.count) findings")
      findings += report.findings
    }
    for finding in findings { printLine("FOUND: \(finding)") }
    if !findings.isEmpty { throw ExitCode(1) }
  }
}
