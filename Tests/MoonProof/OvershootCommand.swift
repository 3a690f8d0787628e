import ArgumentParser
import MoonHost
import MoonTrialSupport

/// `moonproof overshoot`: how long calls go on after their time is up, over the whole collection.
struct OvershootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overshoot",
    abstract: "Measures how long plugins go on after their time is up. Needs a quiet machine.")

  @Option(help: "Seconds that a hook call may take.") var hookSeconds = 0.25
  @Option(help: "Times that a file is run; its best one counts, for a busy machine holds everything up.") var tries = 1
  @Option(help: "Run only files whose names contain this.") var only = ""
  @Flag(help: "Fail when the 95th percentile is above 15 ms or one above 100 ms.") var strict = false

  func run() async throws {
    var measures: [(label: String, milliseconds: Double)] = []
    for file in HostileFile.all.sorted(by: { $0.name < $1.name }) where only.isEmpty || file.name.contains(only) {
      for (number, variant) in file.variants.enumerated() {
        var best: Double?
        for _ in 0..<max(tries, 1) {
          guard let measure = try await overshoot(of: file, variant) else { break }
          best = min(best ?? measure, measure)
        }
        if let best { measures.append(("\(file.name), case \(number + 1)", best)) }
      }
    }
    measures.sort { $0.milliseconds < $1.milliseconds }
    guard let last = measures.last else { return }
    let percentile = measures[min(measures.count - 1, measures.count * 95 / 100)].milliseconds
    for (label, milliseconds) in measures.suffix(10) { printLine("\(rounded(milliseconds)) ms  \(label)") }
    printLine(
      "overshoot of \(measures.count) calls that ran out of time (\(hookSeconds) s): median"
        + " \(rounded(measures[measures.count / 2].milliseconds)) ms, 95th percentile \(rounded(percentile)) ms,"
        + " largest \(rounded(last.milliseconds)) ms")
    if strict, percentile > 15 || last.milliseconds > 100 { throw ExitCode(1) }
  }

  /// Milliseconds that the longest call went on; `nil` where no call ran out of time.
  private func overshoot(of file: HostileFile, _ source: [UInt8]) async throws -> Double? {
    var trial = try PluginTrial()
    try trial.add(source, name: file.name, options: file.options)
    trial.limits = HostileCollection.limits(hookSeconds: hookSeconds)
    trial.limits.runSeconds = 60
    // Enough that it is the time which runs out.
    trial.limits.luaMemory = 64 << 20
    trial.limits.tensorMemory = 512 << 20
    let outcome = try await trial.run()
    guard outcome.endings == [.timeout] else { return nil }
    // A file that runs out of time while it is loaded leaves no record but the whole run's time.
    let longest = outcome.usage.map(\.longestCall).max().map { $0 / .milliseconds(1) } ?? outcome.seconds * 1000
    return max(longest - hookSeconds * 1000, 0)
  }

  private func rounded(_ milliseconds: Double) -> String { "\((milliseconds * 10).rounded() / 10)" }
}
