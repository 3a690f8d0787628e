import Foundation
import MoonWeights
import Testing

/// The program as it was built with the tests, run in a folder of its own.
final class Program {
  /// What a run ended with.
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String

    /// Standard output as the one JSON object that it must be.
    var report: JSONObject {
      get throws {
        guard case .object(let object) = try JSONReader.parse(Array(output.utf8)) else {
          throw Missing(what: "a JSON object on standard output")
        }
        return object
      }
    }
  }

  /// Something that a test needs and that is not there.
  struct Missing: Error { let what: String }

  /// The root of the package.
  static var root: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  /// The demonstration model.
  static var model: String { root.appending(path: "examples/moonlet").path }

  /// The executable beside the test bundle.
  static var executable: URL {
    get throws {
      let tests = URL(filePath: CommandLine.arguments[0]).standardizedFileURL
      var folder = tests.deletingLastPathComponent()
      for _ in 0..<4 {
        let candidate = folder.appending(path: "moonstep")
        if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
        folder = folder.deletingLastPathComponent()
      }
      throw Missing(what: "the executable beside \(tests.path)")
    }
  }

  /// The folder that the program runs in; it goes with this object.
  let folder: URL

  /// A new folder.
  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "moonstep-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Names in the folder, sorted; without those of this object.
  var files: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix("captured-") }.sorted()
    }
  }

  /// Writes a file into the folder.
  func write(_ text: String, to name: String) throws {
    let file = folder.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - arguments: After the program's name.
  ///   - executable: Another program to run.
  ///   - environment: Variables that differ from those of the tests.
  ///   - signals: Sent one after the other, each once the condition on the text of standard error holds.
  /// - Returns: What it ended with.
  /// - Throws: What the system says when it cannot be run.
  func run(
    _ arguments: [String], executable: URL? = nil, environment: [String: String] = [:],
    signals: [(number: Int32, when: (String) -> Bool)] = []
  ) async throws -> Outcome {
    let process = Process()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = try executable ?? Self.executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    let output = try capture("captured-output")
    let errors = try capture("captured-errors")
    process.standardOutput = output.handle
    process.standardError = errors.handle
    try process.run()
    for signal in signals {
      while try process.isRunning && !signal.when(String(contentsOf: errors.url, encoding: .utf8)) {
        try await Task.sleep(for: .milliseconds(5))
      }
      kill(process.processIdentifier, signal.number)
    }
    while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
    return Outcome(
      status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
      output: try String(contentsOf: output.url, encoding: .utf8),
      errors: try String(contentsOf: errors.url, encoding: .utf8))
  }

  /// Runs `generate` with the demonstration model and a red apple.
  func generate(_ arguments: [String], signals: [(number: Int32, when: (String) -> Bool)] = []) async throws -> Outcome
  {
    try await run(
      ["generate", "--model", Self.model, "--prompt", "red apple on a blue background"] + arguments, signals: signals)
  }

  private func capture(_ name: String) throws -> (url: URL, handle: FileHandle) {
    let url = folder.appending(path: name)
    try Data().write(to: url)
    return (url, try FileHandle(forWritingTo: url))
  }
}
