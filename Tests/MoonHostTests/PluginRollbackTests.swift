import Foundation
import MoonHost
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// What a failed hook changed is undone, and the run goes on as if the plugin were not there.
@Suite("Plugin rollback") struct PluginRollbackTests {
  private static let spoil = """
    pipe.guidance_scale = 1.0 pipe.guidance_rescale = 0.5 pipe.interrupt = true
    pipe:set_prompt(pipe:encode("a dog", "a cat"))
    moon.save_image(moon.full({ 3, 8, 8 }, 100), "spoilt.png")
    """

  @Test(
    "leaves the picture of a run without the plugin",
    arguments: [
      "on_run_begin = function(pipe) \(spoil) error('boom') end",
      "on_step_begin = function(pipe, step) if step == 1 then \(spoil) error('boom') end end",
      "on_guidance = function(pipe, step, t, noise) \(spoil) noise.cond:mul_(0) return 'x' end",
      "on_guidance = function(pipe, step, t, noise) \(spoil) return noise.cond / 0 end",
      "on_step_end = function(pipe, step, t, kwargs) \(spoil) kwargs.latents:mul_(0) while true do end end",
      "on_step_end = function(pipe, step, t, kwargs) \(spoil) kwargs.latents:mul_(0) kwargs.prompt_embeds = moon.zeros{1} return kwargs end",
      "on_step_end = function(pipe, step, t, kwargs) \(spoil) kwargs.latents:mul_(0) kwargs.x = 1 return kwargs end",
      "on_run_end = function(pipe) \(spoil) error('boom') end",
    ])
  func undone(hook: String) async throws {
    let reference = try await PluginTrial().run().result.get()
    var trial = try PluginTrial("return { id = 'x', version = '1', api = 1, \(hook) }")
    trial.policy = .disable
    trial.limits.hookSeconds = 0.5
    let outcome = try await trial.run()
    let result = try outcome.result.get()
    expectExact(result.latents, reference.latents)
    #expect(result.images == reference.images)
    #expect(!result.report.isInterrupted)
    #expect(result.report.effectiveGuidance == reference.report.effectiveGuidance)
    let warning = result.report.warnings.first ?? ""
    #expect(warning.hasPrefix("the plugin 'x' is dropped: "), "\(warning)")
    #expect(result.report.warnings.count == 1)
    #expect(outcome.usage.map(\.tensorBytesLeft) == [0])
    let saved = (try? FileManager.default.contentsOfDirectory(atPath: trial.imageFolder.path + "/x")) ?? []
    #expect(saved.isEmpty, "\(saved)")
  }

  @Test("keeps what earlier hooks did") func earlier() async throws {
    var trial = try PluginTrial(
      """
      return function(pipe, step, t, kwargs)
        moon.save_image(moon.full({ 3, 8, 8 }, 100), ("step_%d.png"):format(step))
        pipe.guidance_scale = 3
        if step == 1 then error("boom") end
      end
      """)
    trial.policy = .disable
    let outcome = try await trial.run()
    let guidance = try outcome.result.get().report.effectiveGuidance
    #expect(guidance == [7.5, 3, 3])
    #expect(try FileManager.default.contentsOfDirectory(atPath: trial.imageFolder.path + "/x") == ["step_0.png"])
    #expect(outcome.message?.contains("x.lua:4: on_step_end, step 1/3: boom") == true)
  }

  @Test("leaves other plugins alone") func others() async throws {
    var trial = try PluginTrial("return function() error('boom') end", name: "bad.lua")
    try trial.add("return function(pipe, step) print('good', step) end", name: "good.lua")
    trial.policy = .disable
    #expect(try await trial.log() == ["good\t0", "good\t1", "good\t2"])
  }

  @Test("does not happen with abort: the run ends") func abort() async throws {
    let outcome = try await PluginTrial("return function(pipe, step) print(step) error('boom') end").run()
    #expect(outcome.log == ["0"])
    #expect(outcome.message?.hasSuffix("x.lua:1: on_step_end, step 0/3: boom") == true)
    #expect(outcome.usage.map(\.tensorBytesLeft) == [0])
  }
}
