import ArgumentParser
import MoonTrialSupport

/// `moonproof collection`: the hostile collection in shuffled orders and in pairs, in this one process.
struct CollectionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collection",
    abstract: "Runs the hostile collection in shuffled orders and in pairs, all in one process.")

  @Option(help: "Shuffled orders to run.") var orders = 1
  @Option(help: "Rounds of pairs to run.") var pairs = 1
  @Option(help: "The first order's seed.") var seed: UInt64 = 1
  @Option(help: "Seconds that a hook call may take.") var hookSeconds = 0.05
  @Flag(help: "Say what runs.") var verbose = false

  func run() async throws {
    let isVerbose = verbose
    let collection = try await HostileCollection(hookSeconds: hookSeconds) { if isVerbose { printLine($0) } }
    var findings: [String] = []
    // The first order makes what lasts for the whole process: caches, pools, lazily loaded parts.
    var first: ProcessState?
    for round in 0..<UInt64(max(orders, 0)) {
      let report = try await collection.shuffled(seed: seed + round)
      findings += report.findings + check(report, "order \(seed + round)", &first)
    }
    for round in 0..<UInt64(max(pairs, 0)) {
      let report = try await collection.paired(seed: seed + round)
      findings += report.findings + check(report, "pairs \(seed + round)", &first)
    }
    for finding in findings { printLine("FOUND: \(finding)") }
    if !findings.isEmpty { throw ExitCode(1) }
  }

  /// Prints what a round came to; what grew since the first one is a finding.
  private func check(_ report: HostileCollection.Report, _ label: String, _ first: inout ProcessState?) -> [String] {
    let state = ProcessState.settled(threads: first?.threads ?? 0)
    let endings = report.endings.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
    printLine(
      "\(label): \(report.runs) runs, \(endings.joined(separator: ", ")); \(report.findings.count) findings;"
        + " \(state.threads) threads, \(state.descriptors) files, \(state.residentBytes >> 20) MiB")
    guard let before = first else {
      first = state
      return []
    }
    return [
      state.threads > before.threads ? "\(label): \(state.threads) threads, \(before.threads) before" : nil,
      state.descriptors > before.descriptors
        ? "\(label): \(state.descriptors) files, \(before.descriptors) before" : nil,
      // The heap in pieces, and what the allocator keeps of one plugin's limits.
      state.residentBytes > before.residentBytes + (160 << 20)
        ? "\(label): \(state.residentBytes >> 20) MiB, \(before.residentBytes >> 20) before" : nil,
    ].compactMap(\.self)
  }
}
