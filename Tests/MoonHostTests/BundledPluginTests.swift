import Foundation
import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// The reference's callbacks as Lua plugins, held against the reference's own runs.
@Suite("Bundled plugins") struct BundledPluginTests {
  private static let root = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()

  /// A recorded run with a callback.
  struct Trace: Decodable, CustomTestStringConvertible, Sendable {
    struct Call: Decodable, Sendable {
      let prompt: [String]
      let negative_prompt: [String]?
      let num_images_per_prompt: Int
      let num_inference_steps: Int
      let guidance_scale: Double
      let height: Int
      let width: Int
    }
    let name: String
    let file: String
    let model: String
    let callback: String?
    let call: Call
    let seed: Seed
    let guidance: [Double]
    let scheduler_config: Settings
    var testDescription: String { "\(model) \(name)" }

    /// What the recorded schedulers were told beside the model's own configuration.
    struct Settings: Decodable, Sendable {
      let solver_order: Int?
      let use_karras_sigmas: Bool?
    }

    enum Seed: Decodable, Sendable {
      case one(String)
      case several([String])

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let one = try? container.decode(String.self) {
          self = .one(one)
        } else {
          self = .several(try container.decode([String].self))
        }
      }

      var seeds: [UInt64] {
        switch self {
        case .one(let text): [UInt64(text) ?? 0]
        case .several(let texts): texts.compactMap { UInt64($0) }
        }
      }
    }

    /// The recorded runs with a callback.
    static let all: [Trace] = {
      struct Index: Decodable { let traces: [Trace] }
      return ((try? FixtureJSON.decode(Index.self, "traces/index.json"))?.traces ?? []).filter { $0.callback != nil }
    }()

    /// The request that was recorded.
    var request: GenerationRequest {
      var request = GenerationRequest(prompt: "", seed: 0)
      request.prompts = call.prompt
      request.negativePrompts = call.negative_prompt ?? []
      request.imagesPerPrompt = call.num_images_per_prompt
      request.inferenceSteps = call.num_inference_steps
      request.guidanceScale = call.guidance_scale
      (request.height, request.width) = (call.height, call.width)
      request.seeds = seed.seeds
      let kind = String(name.prefix { $0 != "/" })
      request.scheduler = kind.hasPrefix("dpm++") ? "dpm++2m" : kind
      if kind.hasPrefix("dpm++") || kind == "euler" {
        request.schedulerOptions = [("use_karras_sigmas", "\(scheduler_config.use_karras_sigmas ?? false)")]
      }
      if kind.hasPrefix("dpm++") {
        request.schedulerOptions.append(("solver_order", "\(scheduler_config.solver_order ?? 2)"))
      }
      return request
    }
  }

  /// Lua for the callbacks that are no official ones.
  private static let callbacks = [
    "dynamic_guidance": """
    local scales = { 7.5, 7.5, 1.0, 0.0, 3.0, 3.0, -1.0, 1.5, 12.0, 12.0, 12.0 }
    return function(pipe, step) pipe._guidance_scale = scales[step + 2] or 12.0 end
    """,
    "latent_edit": """
    return function(pipe, step, t, kwargs)
      if step == 3 then kwargs.latents = kwargs.latents * 0.9 end
      return kwargs
    end
    """,
    "prompt_switch": """
    return function(pipe, step, t, kwargs)
      if step == 4 then
        local other = pipe:encode("Night sky over the sea, 2 moons!").prompt_embeds
        local uncond = kwargs.prompt_embeds:chunk(2)
        return { prompt_embeds = moon.cat({ uncond, other }) }
      end
    end
    """,
    "interrupt": "return function(pipe, step) if step == 4 then pipe._interrupt = true end end",
  ]

  @Test("do what the reference's callbacks do", arguments: Trace.all)
  func traces(trace: Trace) async throws {
    let folder = try TemporaryFolder()
    var plugins: [String] = []
    switch trace.callback {
    case "cutoff", "cutoff_every_row":
      let official = Self.root.appending(path: "plugins/sd_cfg_cutoff.lua").path + ":cutoff_step_ratio=0.4"
      plugins = [official, official.replacing("sd_cfg_cutoff", with: "cfg_cutoff")]
    case "cutoff_index":
      plugins = [Self.root.appending(path: "plugins/sd_cfg_cutoff.lua").path + ":cutoff_step_index=6"]
    case let name?:
      let source = try #require(Self.callbacks[name], "no plugin for \(name)")
      plugins = [try folder.write(source, to: "\(name).lua").path]
    case nil: break
    }
    let pipeline = try StableDiffusionPipeline(contentsOf: Fixture.folder.appending(path: "models/\(trace.model)"))
    let wanted = try Fixture("traces/" + trace.file.replacing(".safetensors", with: ""))["\(trace.name)/latents"]
    for plugin in plugins {
      let run = GenerationRun(plugins: [plugin])
      let result = try await run.generate(with: pipeline, trace.request, threads: 1)
      // The reference's own error grows to about this over ten steps; the plain runs are held closer elsewhere.
      expectClose(result.latents, try wanted.select(0, at: -1), rtol: 1e-3, plugin)
      #expect(result.report.effectiveGuidance == trace.guidance.map { max($0, 1) }, "\(plugin)")
    }
  }

  @Test("are recorded") func recorded() {
    #expect(Trace.all.count >= 20)
    #expect(Set(Trace.all.compactMap(\.callback)).count == 7)
  }

  @Test("load, and say what they are", arguments: ["cfg_cutoff", "sd_cfg_cutoff"])
  func describe(id: String) async throws {
    let registry = PluginRegistry(folders: [(Self.root.appending(path: "plugins"), "plugins")])
    let plugin = try await PluginReader().describe(id, in: registry)
    #expect(plugin.id == id)
    #expect(plugin.path == "plugins/\(id).lua")
    #expect(plugin.options.map(\.name) == ["cutoff_step_index", "cutoff_step_ratio"])
    #expect(plugin.sha256.count == 64)
  }

  @Test("each say in a sentence what they do, and what each option does") func sheets() async throws {
    let folder = Self.root.appending(path: "plugins")
    let registry = PluginRegistry(folders: [(folder, "plugins")])
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".lua") }
    #expect(files.count >= 16)
    for file in files {
      let plugin = try await PluginReader().describe(String(file.dropLast(4)), in: registry)
      #expect(plugin.texts.contains { $0.name == "summary" && $0.text.hasSuffix(".") }, "\(file)")
      for option in plugin.options { #expect(!option.help.isEmpty, "\(file): \(option.name)") }
    }
  }

  @Test("refuse two cut-offs, and warn of one that never comes", arguments: ["cfg_cutoff", "sd_cfg_cutoff"])
  func cutoffRules(id: String) async throws {
    let path = Self.root.appending(path: "plugins/\(id).lua").path
    var trial = try PluginTrial()
    trial.specifications = [path + ":cutoff_step_ratio=0.5,cutoff_step_index=1"]
    #expect(
      try await trial.message()?.hasSuffix("on_run_begin: give cutoff_step_ratio or cutoff_step_index, not both")
        == true)
    trial.specifications = [path]
    #expect(
      try await trial.run().result.get().report.warnings == [
        "\(id): the cut-off at step 3 never comes, the last of 3 steps is step 2"
      ])
    trial.specifications = [path + ":cutoff_step_index=0"]
    #expect(try await trial.run().result.get().report.effectiveGuidance == [7.5, 1, 1])
    trial.request.inferenceSteps = 50
    trial.specifications = [path + ":cutoff_step_ratio=0.58"]
    let guidance = try await trial.run().result.get().report.effectiveGuidance
    #expect(guidance == [Double](repeating: 7.5, count: 30) + [Double](repeating: 1, count: 20))
  }

  @Test("of the examples run, and do what their folders say") func examples() async throws {
    let examples = Self.root.appending(path: "examples")
    // What the benchmark repeats is no example.
    let files = try FileManager.default.subpathsOfDirectory(atPath: examples.path)
      .filter { $0.hasSuffix(".lua") && !$0.hasPrefix("benchmark/") }.sorted()
    #expect(
      files == [
        "dynamic-guidance/dynamic_guidance.lua", "image-each-step/latents_to_rgb.lua", "interrupt/stop_after.lua",
      ])
    func outcome(_ file: String, _ options: String = "") async throws -> (PluginTrial, GenerationResult) {
      var trial = try PluginTrial()
      trial.specifications = [examples.appending(path: file).path + options]
      trial.request.inferenceSteps = 5
      return (trial, try await trial.run().result.get())
    }
    let (_, dynamic) = try await outcome(files[0])
    #expect(dynamic.report.effectiveGuidance == [7.5, 7.5, 7.5, 1, 1])
    let (trial, _) = try await outcome(files[1], ":matrix=moonlet,scale=2")
    let pictures = try FileManager.default.contentsOfDirectory(atPath: trial.imageFolder.path + "/latents_to_rgb")
      .sorted()
    #expect(pictures == (0..<5).map { "step_00\($0).png" })
    let (_, stopped) = try await outcome(files[2], ":steps=2")
    #expect(stopped.report.isInterrupted)
    #expect(stopped.report.effectiveGuidance.count == 2)
  }
}
