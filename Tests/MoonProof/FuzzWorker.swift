import ArgumentParser
import Foundation
import MoonTrialSupport

/// The process that runs made-up cases; `moonproof fuzz` starts it again where it ends before its time.
struct FuzzWorker: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "fuzz-worker", shouldDisplay: false)

  @Option var seed: UInt64
  @Option var first: Int
  @Option var cases: Int
  @Option var kind: [String] = []
  @Option var folder: String

  func run() async throws {
    let kinds = FuzzKind.all.filter { kind.isEmpty || kind.contains($0.name) }
    let folder = URL(filePath: folder, directoryHint: .isDirectory)
    let place = folder.appending(path: "case")
    for number in first..<first + cases {
      var random = Randomness(seed: seed, number: number)
      guard let kind = FuzzKind.kind(of: &random, among: kinds) else { return }
      try? FileManager.default.removeItem(at: place)
      for (name, bytes) in try kind.make(&random) {
        let file = place.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
      }
      // What runs now is on the disk before it runs.
      try Data("\(number) \(kind.name)".utf8).write(to: folder.appending(path: "current"))
      var findings: [String] = []
      do { findings = try await kind.run(place, &random) } catch { printLine("thrown \(kind.name) \(type(of: error))") }
      for finding in findings {
        printLine("finding \(number) \(kind.name) \(finding)")
        Self.save(place, as: "\(kind.name)-\(seed)-\(number)", in: folder)
      }
      if findings.isEmpty { printLine("done \(kind.name)") }
      // A fresh process now and then shows what a long one would hide; a swollen one shows that it is swollen.
      if ProcessState.now.residentBytes > 1 << 30 { printLine("swollen \(number) \(kind.name)") }
    }
    try Data("end".utf8).write(to: folder.appending(path: "current"))
  }

  /// Keeps the files of a case.
  static func save(_ place: URL, as name: String, in folder: URL) {
    let kept = folder.appending(path: "failures/\(name)")
    try? FileManager.default.createDirectory(at: kept.deletingLastPathComponent(), withIntermediateDirectories: true)
    try? FileManager.default.removeItem(at: kept)
    try? FileManager.default.copyItem(at: place, to: kept)
  }
}
