import Foundation
import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTestSupport
import Synchronization

/// Lines that plugins print, taken from any thread.
final class LogLines: Sendable {
  private let stored = Mutex<[String]>([])

  func append(_ line: String) { stored.withLock { $0.append(line) } }

  var lines: [String] { stored.withLock { $0 } }
}

/// Plugins in a folder of their own, and one run of the tiny model with them.
struct PluginTrial {
  /// What a run came to.
  struct Outcome {
    let result: Result<GenerationResult, any Error>
    let log: [String]
    let usage: [PluginUsage]
    /// Seconds from the start of loading the plugins to the end of the run.
    let seconds: Double

    /// The failure's sentence, of the run or of a plugin that was dropped from it; nil where there was none.
    var message: String? {
      switch result {
      case .failure(let error): "\(error)"
      case .success(let result): result.report.warnings.first { $0.contains("is dropped") }
      }
    }
  }

  let folder: TemporaryFolder
  /// `NAME-or-FILE[:options]`, in the order of the calls.
  var specifications: [String] = []
  var policy = PluginFailurePolicy.abort
  var limits = PluginLimits()
  var request = TinyModel.request()

  init() throws { folder = try TemporaryFolder() }

  /// A trial of one plugin file.
  init(_ source: String, name: String = "x.lua", options: String = "") throws {
    try self.init()
    try add(source, name: name, options: options)
  }

  /// Writes a plugin file and adds it to the run.
  mutating func add(_ source: String, name: String = "x.lua", options: String = "") throws {
    try add(Array(source.utf8), name: name, options: options)
  }

  /// Writes the bytes of a plugin file and adds it to the run.
  mutating func add(_ source: [UInt8], name: String, options: String = "") throws {
    let url = try folder.write(source, to: "plugins/" + name)
    specifications.append(options.isEmpty ? url.path : "\(url.path):\(options)")
  }

  /// Where pictures of plugins go.
  var imageFolder: URL { folder.url.appending(path: "out_plugins") }

  /// Loads the plugins and runs the model with them; `onLine` hears each line that they print.
  func run(
    stop: StopFlag = StopFlag(), onLine: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> Outcome {
    let log = LogLines()
    let run = GenerationRun(
      plugins: specifications, registry: PluginRegistry(folders: []), policy: policy, limits: limits,
      imageFolder: imageFolder,
      log: {
        log.append($0)
        onLine($0)
      })
    let pipeline = try TinyModel.pipeline.get()
    let start = ContinuousClock.now
    let result: Result<GenerationResult, any Error>
    do {
      result = .success(try await run.generate(with: pipeline, request, threads: 1, stop: stop))
    } catch {
      result = .failure(error)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Outcome(result: result, log: log.lines, usage: await run.usage, seconds: seconds)
  }

  /// The failure's sentence with the folder left out; nil where nothing failed.
  func message() async throws -> String? {
    try await run().message?.replacing(folder.url.path + "/", with: "")
  }

  /// What the plugins printed in a run that must succeed.
  func log() async throws -> [String] {
    let outcome = try await run()
    _ = try outcome.result.get()
    return outcome.log
  }
}
