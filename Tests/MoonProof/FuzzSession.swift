import Foundation

/// Starts workers, watches them, and keeps what made one fail.
struct FuzzSession {
  let seed: UInt64
  let kinds: [String]
  let folder: URL
  let patience: Double
  let memory: Int
  /// Cases of each kind.
  private(set) var counts: [String: Int] = [:]
  /// Cases that ended in a thrown error.
  private(set) var thrown = 0
  /// Cases that failed.
  private(set) var failures = 0
  /// Bytes of the largest worker.
  private(set) var largest = 0

  /// All cases.
  var total: Int { counts.values.reduce(0, +) }

  /// How a worker ended.
  private enum Ending {
    case finished
    case outOfTime
    case failed(String)
  }

  /// Cases that one process runs.
  private static let share = 400

  init(seed: UInt64, kinds: [String], folder: URL, patience: Double, memory: Int) {
    self.seed = seed
    self.kinds = kinds
    self.folder = folder
    self.patience = patience
    self.memory = memory
  }

  /// Runs cases until they are done or the time is over.
  mutating func run(first: Int, cases: Int, until end: ContinuousClock.Instant) throws {
    var number = first
    let last = first + cases
    while number < last, ContinuousClock.now < end {
      let ending = try work(from: number, count: min(Self.share, last - number), until: end)
      let current =
        (try? String(contentsOf: folder.appending(path: "current"), encoding: .utf8))?.split(separator: " ") ?? []
      switch ending {
      case .finished: number += Self.share
      case .outOfTime: return
      case .failed(let reason):
        failures += 1
        guard current.count == 2, let failed = Int(current[0]) else {
          printLine("FAILED: \(reason) before case \(number)")
          return
        }
        let name = "\(current[1])-\(seed)-\(failed)"
        FuzzWorker.save(folder.appending(path: "case"), as: name, in: folder)
        FuzzWorker.save(folder.appending(path: "worker.log"), as: name + ".log", in: folder)
        printLine("FAILED: \(reason) in case \(failed), \(current[1]); again: \(again(failed))")
        counts[String(current[1]), default: 0] += 1
        number = failed + 1
      }
    }
  }

  /// The command that runs a case again.
  private func again(_ number: Int) -> String {
    let kinds = kinds.map { " --kind \($0)" }.joined()
    return "moonproof fuzz --seed \(seed) --first \(number) --cases 1\(kinds)"
  }

  /// Runs one worker.
  private mutating func work(from number: Int, count: Int, until end: ContinuousClock.Instant) throws -> Ending {
    let files = FileManager.default
    let temporary = folder.appending(path: "tmp")
    try? files.removeItem(at: temporary)
    try files.createDirectory(at: temporary, withIntermediateDirectories: true)
    try? files.removeItem(at: folder.appending(path: "current"))
    let log = folder.appending(path: "worker.log")
    let lines = folder.appending(path: "worker.out")
    for file in [log, lines] { try Data().write(to: file) }
    let worker = Process()
    worker.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    worker.arguments =
      ["fuzz-worker", "--seed", "\(seed)", "--first", "\(number)", "--cases", "\(count)", "--folder", folder.path]
      + kinds.flatMap { ["--kind", $0] }
    worker.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": temporary.path]) { $1 }
    worker.standardError = try FileHandle(forWritingTo: log)
    worker.standardOutput = try FileHandle(forWritingTo: lines)
    try worker.run()
    let verdict = watch(worker, until: end)
    if worker.isRunning { kill(worker.processIdentifier, SIGKILL) }
    worker.waitUntilExit()
    try read(lines)
    if let verdict { return verdict }
    if worker.terminationReason == .exit, worker.terminationStatus == 0 { return .finished }
    return .failed(
      worker.terminationReason == .exit ? "exit code \(worker.terminationStatus)" : "signal \(worker.terminationStatus)"
    )
  }

  /// Waits for a worker; nil when it ended by itself.
  private mutating func watch(_ worker: Process, until end: ContinuousClock.Instant) -> Ending? {
    let current = folder.appending(path: "current")
    var (seen, changed, busy) = (Data(), ContinuousClock.now, 0.0)
    while worker.isRunning {
      Thread.sleep(forTimeInterval: 0.05)
      let now = (try? Data(contentsOf: current)) ?? Data()
      let used = processorSeconds(of: worker.processIdentifier)
      if now != seen { (seen, changed, busy) = (now, .now, used) }
      let size = residentBytes(of: worker.processIdentifier)
      largest = max(largest, size)
      if size > memory { return .failed("\(size >> 20) MiB of memory") }
      // Time that the process was given counts; a machine may be busy with other things. One that waits for ever is given none.
      if used - busy > patience { return .failed("no end after \(patience) seconds") }
      if ContinuousClock.now - changed > .seconds(20 * patience) { return .failed("no end at all") }
      if ContinuousClock.now >= end { return .outOfTime }
    }
    return nil
  }

  /// Seconds of processor time that a process has used.
  private func processorSeconds(of process: Int32) -> Double {
    let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    // Behind the name, which is in parentheses and may hold anything, the 12th and 13th field, in hundredths.
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > 12 ? ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / 100 : 0
  }

  private func residentBytes(of process: Int32) -> Int {
    let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
    let pages = text?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * 4096
  }

  /// Counts what a worker printed, and shows what it found.
  private mutating func read(_ lines: URL) throws {
    for line in String(decoding: try Data(contentsOf: lines), as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      switch words.first {
      case "done" where words.count > 1: counts[words[1], default: 0] += 1
      case "thrown" where words.count > 1:
        counts[words[1], default: 0] += 1
        thrown += 1
      case "finding", "swollen":
        failures += 1
        if words.count > 2 { counts[words[2], default: 0] += 1 }
        printLine("FAILED: \(line); again: \(again(words.count > 1 ? Int(words[1]) ?? 0 : 0))")
      default: break
      }
    }
  }
}
