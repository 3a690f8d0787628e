import Foundation
import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTensor
import MoonTestSupport
import MoonTraceSupport
import MoonWeights
import MoonTrialSupport
import Testing

/// A run with a bundled plugin, and the latents after each of its steps.
struct ShelfTrial {
  /// The bundled plugins.
  static let plugins = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent().appending(path: "plugins")

  /// Prints the latents after each step; it runs behind the plugin that is tried.
  private static let probe = """
    return function(pipe, step, t, kwargs)
      local numbers = kwargs.latents:reshape { -1 }:totable()
      for start = 1, #numbers, 64 do
        local texts = {}
        for index = start, math.min(start + 63, #numbers) do texts[#texts + 1] = ("%.9g"):format(numbers[index]) end
        print("latents " .. table.concat(texts, " "))
      end
    end
    """

  let result: GenerationResult
  /// `[steps run, batch, channels, height, width]`
  let latents: Tensor
  /// What the plugin printed.
  let log: [String]
  /// Where its pictures are.
  let pictures: URL
  private let folder: TemporaryFolder

  /// Runs the model with the plugin `id`.
  ///
  /// - Parameters:
  ///   - id: The name of a bundled plugin; `nil` for none.
  ///   - options: As on the command line.
  ///   - pipeline: The model.
  ///   - request: What to make.
  /// - Throws: What the run throws.
  init(
    _ id: String?, options: String = "", with pipeline: StableDiffusionPipeline, _ request: GenerationRequest
  ) async throws {
    folder = try TemporaryFolder()
    let lines = LogLines()
    let plugin = id.map { Self.plugins.appending(path: "\($0).lua").path + (options.isEmpty ? "" : ":\(options)") }
    let run = GenerationRun(
      plugins: [plugin, try folder.write(Self.probe, to: "probe.lua").path].compactMap(\.self),
      registry: PluginRegistry(folders: []), imageFolder: folder.url.appending(path: "out_plugins"),
      log: { lines.append($0) })
    result = try await run.generate(with: pipeline, request, threads: 1)
    pictures = folder.url.appending(path: "out_plugins/\(id ?? "")")
    let mark = "latents "
    log = lines.lines.filter { !$0.hasPrefix(mark) }
    let numbers = try lines.lines.filter { $0.hasPrefix(mark) }.flatMap { line in
      try line.dropFirst(mark.count).split(separator: " ").map { try #require(Float($0)) }
    }
    latents = try Tensor(numbers, shape: [numbers.count / result.latents.count] + result.latents.shape)
  }

  /// Runs a recorded run with its plugin.
  ///
  /// - Parameter trace: A run whose callback names a bundled plugin and its options.
  /// - Throws: What the run throws.
  init(_ trace: GuideTrace) async throws {
    let callback = try #require(try trace.callback)
    try await self.init(
      callback.string("name"), options: callback.string("text"), with: trace.pipeline(),
      trace.request(trace.fixture()))
  }

  /// The runs of `plugin_tricks_b.json` with that plugin.
  static func traces(_ plugin: String) -> [GuideTrace] {
    GuideTrace.runs(in: "plugin_tricks_b.json").filter { $0.name.hasPrefix(plugin + "/") }
  }

  /// Runs `trace` and compares the latents after each step.
  static func expectTrace(_ trace: GuideTrace) async throws -> ShelfTrial {
    let run = try await ShelfTrial(trace)
    let wanted = try trace.fixture()["\(trace.name)/latents"]
    #expect(run.latents.shape == wanted.shape)
    for step in 0..<min(wanted.shape[0], run.latents.shape[0]) {
      // Float32 sums of a network, in another order, over some steps.
      expectClose(
        try run.latents.select(0, at: step), try wanted.select(0, at: step), rtol: 3e-5, "\(trace.name), step \(step)")
    }
    return run
  }

  /// Whether the tiny model's run with the plugin is, to the bit, the run without it.
  static func expectNoChange(_ id: String, _ options: String, scheduler: String = "ddim") async throws {
    let pipeline = try TinyModel.pipeline.get()
    var request = TinyModel.request()
    request.scheduler = scheduler
    let plain = try await ShelfTrial(nil, with: pipeline, request)
    let steered = try await ShelfTrial(id, options: options, with: pipeline, request)
    expectExact(steered.latents, plain.latents, "\(id):\(options)")
    expectExact(steered.result.latents, plain.result.latents, "\(id):\(options)")
  }

  /// What the run with the plugin fails with, without the plugin's place; `nil` where it does not fail.
  static func message(_ id: String, _ options: String) async throws -> String? {
    do {
      _ = try await ShelfTrial(id, options: options, with: TinyModel.pipeline.get(), TinyModel.request())
      return nil
    } catch {
      let text = "\(error)"
      return text.firstRange(of: ".lua: ").map { String(text[$0.upperBound...]) }
        ?? text.firstRange(of: "on_").map { String(text[$0.lowerBound...]) } ?? text
    }
  }
}
