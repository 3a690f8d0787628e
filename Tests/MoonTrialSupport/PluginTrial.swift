package import Foundation
package import MoonHost
package import MoonPipelines
internal import MoonPlugins
package import MoonTestSupport
internal import Synchronization

/// Lines that plugins print, taken from any thread.
package final class LogLines: Sendable {
  private let stored = Mutex<[String]>([])

  package init() {}

  package func append(_ line: String) { stored.withLock { $0.append(line) } }

  package var lines: [String] { stored.withLock { $0 } }
}

/// Plugins in a folder of their own, and one run of the tiny model with them.
package struct PluginTrial {
  /// What a run came to.
  package struct Outcome {
    package let result: Result<GenerationResult, any Error>
    package let log: [String]
    package let usage: [PluginUsage]
    /// Seconds from the start of loading the plugins to the end of the run.
    package let seconds: Double

    /// The failure's sentence, of the run or of a plugin that was dropped from it; nil where there was none.
    package var message: String? {
      switch result {
      case .failure(let error): "\(error)"
      case .success(let result): result.report.warnings.first { $0.contains("is dropped") }
      }
    }
  }

  package let folder: TemporaryFolder
  /// `NAME-or-FILE[:options]`, in the order of the calls.
  package var specifications: [String] = []
  package var policy = PluginFailurePolicy.abort
  package var limits = PluginLimits()
  package var request = TinyModel.request()
  /// The model that the run takes.
  package var pipeline = TinyModel.pipeline

  package init() throws { folder = try TemporaryFolder() }

  /// A trial of one plugin file.
  package init(_ source: String, name: String = "x.lua", options: String = "") throws {
    try self.init()
    try add(source, name: name, options: options)
  }

  /// Writes a plugin file and adds it to the run.
  package mutating func add(_ source: String, name: String = "x.lua", options: String = "") throws {
    try add(Array(source.utf8), name: name, options: options)
  }

  /// Writes the bytes of a plugin file and adds it to the run.
  package mutating func add(_ source: [UInt8], name: String, options: String = "") throws {
    let url = try folder.write(source, to: "plugins/" + name)
    specifications.append(options.isEmpty ? url.path : "\(url.path):\(options)")
  }

  /// Where pictures of plugins go.
  package var imageFolder: URL { folder.url.appending(path: "out_plugins") }

  /// Loads the plugins and runs the model with them; `onLine` hears each line that they print.
  package func run(
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
    let pipeline = try pipeline.get()
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
  package func message() async throws -> String? {
    try await run().message?.replacing(folder.url.path + "/", with: "")
  }

  /// What the plugins printed in a run that must succeed.
  package func log() async throws -> [String] {
    let outcome = try await run()
    _ = try outcome.result.get()
    return outcome.log
  }
}
