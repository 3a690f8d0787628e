import ArgumentParser
import Foundation

/// `moonproof fuzz`: made-up plugins and files, run in a process of their own.
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz",
    abstract: "Makes up plugins and files and looks whether anything but an error comes of them.",
    discussion: """
      Each case follows from the seed and its number. One that crashes, hangs, takes too much memory or breaks a promise is
      kept with its files below the folder, and the command for running it again is printed.
      """)

  @Option(help: "Seconds to go on for.") var seconds = 30.0
  @Option(help: "Cases to run at most.") var cases = Int.max / 2
  @Option(help: "What everything follows from; drawn when none is given.") var seed: UInt64?
  @Option(help: "The first case's number.") var first = 0
  @Option(
    help: "Only cases of this kind: \(FuzzKind.all.map(\.name).joined(separator: ", ")). May be given several times.")
  var kind: [String] = []
  @Option(help: "Where failing cases are kept.") var folder = ".build/fuzz"
  @Option(help: "Seconds without progress that count as a hang.") var patience = 30.0
  @Option(help: "MiB of memory that count as too much.") var memory = 2048

  func run() throws {
    let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    printLine("seed \(seed)")
    let place = URL(filePath: folder, directoryHint: .isDirectory).absoluteURL
    var session = FuzzSession(seed: seed, kinds: kind, folder: place, patience: patience, memory: memory << 20)
    try session.run(first: first, cases: cases, until: .now + .seconds(seconds))
    for (name, count) in session.counts.sorted(by: { $0.key < $1.key }) { printLine("\(count) \(name)") }
    printLine(
      "\(session.total) cases of seed \(seed), \(session.thrown) ended in an error, \(session.failures) failed"
        + (session.largest > 0 ? "; the largest process had \(session.largest >> 20) MiB" : ""))
    if session.failures > 0 { throw ExitCode(1) }
  }
}
