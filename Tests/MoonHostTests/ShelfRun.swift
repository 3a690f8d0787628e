import Foundation
import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// A run with bundled plugins that keeps the latents of each step.
struct ShelfRun {
  let result: GenerationResult
  /// What the plugins printed.
  let log: [String]
  /// The latents after each step, as the next one is given them.
  let latents: [Tensor]

  /// The folder of the bundled plugins.
  static let folder = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent().appending(path: "plugins")

  /// A plugin, last in the order, that prints the latents it is given, exactly.
  private static let recorder = """
    return {
      id = "recorder", version = "1.0.0", api = 1, tensor_inputs = { "latents" },
      on_step_end = function(pipe, step, t, kwargs)
        local numbers, line = kwargs.latents:reshape({ -1 }):totable(), {}
        for index, number in ipairs(numbers) do
          line[#line + 1] = ("%.9g"):format(number)
          if #line == 100 or index == #numbers then
            print("latents " .. step .. " " .. table.concat(line, " "))
            line = {}
          end
        end
      end,
    }
    """

  /// Runs `plugins` by their ids, with options, and the recorder after them.
  init(_ plugins: [String], with pipeline: StableDiffusionPipeline, _ request: GenerationRequest) async throws {
    let folder = try TemporaryFolder()
    let recorder = try folder.write(Self.recorder, to: "recorder.lua").path
    let lines = LogLines()
    let run = GenerationRun(
      plugins: plugins + [recorder], registry: PluginRegistry(folders: [(Self.folder, "plugins")]),
      log: { lines.append($0) })
    result = try await run.generate(with: pipeline, request, threads: 1)
    log = lines.lines.filter { !$0.hasPrefix("latents ") }
    var steps: [[Float]] = []
    for line in lines.lines where line.hasPrefix("latents ") {
      let words = line.split(separator: " ")
      let step = try #require(Int(words[1]))
      if step == steps.count { steps.append([]) }
      steps[step] += words.dropFirst(2).compactMap { Float($0) }
    }
    let shape = result.latents.shape
    latents = try steps.map { try Tensor($0, shape: shape) }
  }

  /// Runs `plugins` on the smallest model.
  init(_ plugins: [String], _ request: GenerationRequest = TinyModel.request(steps: 4)) async throws {
    try await self.init(plugins, with: TinyModel.pipeline.get(), request)
  }
}
