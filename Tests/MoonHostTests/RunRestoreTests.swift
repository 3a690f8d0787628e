import Foundation
import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTensor
import MoonTestSupport
import MoonTraceSupport
import MoonTrialSupport
import Testing

/// Whatever a plugin changed is gone with its run, however the run ended.
@Suite("Runs after a run with a plugin") struct RunRestoreTests {
  /// Everything that a plugin can change in a run without networks beside the model.
  private static let spoil = """
    pipe.guidance_scale = 1.5 pipe.guidance_rescale = 0.7
    pipe:set_prompt(pipe:encode("a dog", "a cat")) pipe.noise:fill_(0)
    if pipe.ip_adapter_scale then pipe:set_ip_adapter_scale(0) end
    if pipe.controlnet_scale then pipe.controlnet_scale = 0 end
    """
  /// All of `kwargs` changed.
  private static let edit = """
    for name, value in pairs(kwargs) do
      if type(value) == "table" then for i, each in ipairs(value) do value[i] = each * 0.5 end
      else kwargs[name] = value * 0.5 end
    end
    """

  private static let endings: [(name: String, policy: PluginFailurePolicy, body: String)] = [
    ("success", .abort, "on_step_end = function(pipe, step, t, kwargs) \(edit) return kwargs end"),
    (
      "error", .abort,
      "on_step_end = function(pipe, step, t, kwargs) \(edit) if step == 1 then error('boom') end return kwargs end"
    ),
    ("limit", .abort, "on_step_end = function(pipe, step, t, kwargs) \(edit) while step == 1 do end return kwargs end"),
    (
      "result", .abort,
      "on_step_end = function(pipe, step, t, kwargs) \(edit) if step == 1 then return 7 end return kwargs end"
    ),
    (
      "disable", .disable,
      "on_step_end = function(pipe, step, t, kwargs) \(edit) if step == 1 then error('boom') end return kwargs end"
    ),
    (
      "interrupt", .abort,
      "on_step_end = function(pipe, step, t, kwargs) \(edit) pipe.interrupt = step == 1 return kwargs end"
    ),
    ("stop", .abort, "on_step_end = function(pipe, step, t, kwargs) \(edit) print('stop') return kwargs end"),
    (
      "stop inside", .abort, "on_step_end = function(pipe, step, t, kwargs) \(edit) print('stop') while true do end end"
    ),
    ("end", .abort, "on_run_end = function(pipe) SPOIL error('boom') end"),
    ("begin", .abort, "on_step_begin = function(pipe) error('boom') end"),
    ("guidance", .abort, "on_guidance = function(pipe) pipe.guidance_scale = 0 return 7 end"),
  ]

  /// Runs of one loaded pipeline: plain, with a plugin that comes to the ending, plain again.
  private func check(
    _ ending: (name: String, policy: PluginFailurePolicy, body: String), _ pipeline: StableDiffusionPipeline,
    _ request: GenerationRequest, wanted: GenerationResult
  ) async throws {
    var trial = try PluginTrial(
      """
      return { id = "x", version = "1", api = 1, on_run_begin = function(pipe) \(Self.spoil) end,
        \(ending.body.replacing("SPOIL", with: Self.spoil)) }
      """)
    trial.limits.hookSeconds = ending.name == "limit" ? 0.25 : 30
    let stop = StopFlag()
    let run = GenerationRun(
      plugins: trial.specifications, registry: PluginRegistry(folders: []), policy: ending.policy, limits: trial.limits,
      log: { _ in stop.raise() })
    let outcome: GenerationResult?
    do {
      outcome = try await run.generate(with: pipeline, request, threads: 1, stop: stop)
    } catch let failure as PluginFailure {
      #expect(ending.policy == .abort, "\(ending.name): \(failure)")
      outcome = nil
    }
    let ends = ["success", "disable", "interrupt", "stop", "stop inside"].contains(ending.name)
    #expect((outcome != nil) == ends, "\(ending.name)")
    if let outcome {
      #expect(difference(outcome.latents, wanted.latents, atol: 0, rtol: 1e-3) != nil, "\(ending.name)")
    }
    let after = try await GenerationRun().generate(with: pipeline, request, threads: 1)
    expectExact(after.latents, wanted.latents, ending.name)
    #expect(after.images == wanted.images, "\(ending.name)")
    #expect(after.report.effectiveGuidance == wanted.report.effectiveGuidance, "\(ending.name)")
    #expect(after.report.warnings == wanted.report.warnings, "\(ending.name)")
    #expect(!after.report.isInterrupted)
  }

  @Test("are as if there had been none") func plain() async throws {
    let pipeline = try TinyModel.pipeline.get()
    let request = TinyModel.request()
    let wanted = try await GenerationRun().generate(with: pipeline, request, threads: 1)
    for ending in Self.endings { try await check(ending, pipeline, request, wanted: wanted) }
  }

  @Test("have their IP-Adapter and ControlNet weights again") func networks() async throws {
    for name in ["ip_adapter/sd/two", "controlnet/sd/two"] {
      let trace = try #require(GuideTrace.all.first { $0.name == name })
      let pipeline = try trace.pipeline()
      let request = try trace.request(trace.fixture())
      let wanted = try await GenerationRun().generate(with: pipeline, request, threads: 1)
      for ending in Self.endings { try await check(ending, pipeline, request, wanted: wanted) }
    }
  }
}
