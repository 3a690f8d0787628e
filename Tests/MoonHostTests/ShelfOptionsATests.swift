import Foundation
import MoonHost
import MoonImage
import MoonPipelines
import MoonPlugins
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// What the tricks of guidance and weights refuse, and the options with which they change nothing.
@Suite("Options of the tricks, first half") struct ShelfOptionsATests {
  /// The end of the message with which a run with `plugins` fails.
  private func message(
    _ plugins: [String], _ request: GenerationRequest = TinyModel.request(steps: 4)
  ) async -> String {
    do {
      _ = try await ShelfRun(plugins, request)
      return "no failure"
    } catch {
      return "\(error)"
    }
  }

  @Test(
    "change nothing, bit by bit, when neutral",
    arguments: [
      "guidance_schedule:last=7.5", "guidance_schedule:shape=cosine,last=7.5",
      "guidance_schedule:shape=list,values=7.5", "guidance_schedule:shape=drop,drop_at=1",
      "guidance_interval:sigma_low=0,sigma_high=1000", "guidance_interval:by=progress", "guidance_rescale:share=0",
      "cfg_zero_star:optimized_scale=false", "dynamic_thresholding:share=0",
      "adaptive_projected_guidance:eta=1,norm_threshold=0,momentum=0", "early_stop:threshold=0",
      "adaptive_guidance:threshold=1", "guidance_skipping:every=1",
    ], ["ddim", "pndm", "unipc"])
  func neutral(plugin: String, scheduler: String) async throws {
    var request = TinyModel.request(steps: 4)
    (request.scheduler, request.imagesPerPrompt) = (scheduler, 2)
    let plain = try await ShelfRun([], request)
    let run = try await ShelfRun([plugin], request)
    expectExact(run.result.latents, plain.result.latents)
    #expect(run.result.report.effectiveGuidance == plain.result.report.effectiveGuidance)
    #expect(run.log == [])
  }

  @Test(
    "are checked before the run",
    arguments: [
      ("guidance_schedule:last=-1", "option 'last' is -1, less than 0"),
      ("guidance_schedule:last=high", "option 'last' must be a finite number, found 'high'"),
      ("guidance_schedule:shape=lineal", "option 'shape' is 'lineal'; did you mean 'linear'?"),
      ("guidance_schedule:shape=list,values=1,200", "option 'values' is 200, more than 100"),
      ("guidance_interval:start=1.5", "option 'start' is 1.5, more than 1"),
      ("guidance_interval:sigma=3", "there is no option 'sigma'"),
      ("guidance_rescale:share=2", "option 'share' is 2, more than 1"),
      ("cfg_zero_star:zero_init_steps=1.5", "option 'zero_init_steps' must be an integer, found '1.5'"),
      ("cfg_zero_star:optimized_scale=maybe", "option 'optimized_scale' must be true or false, found 'maybe'"),
      ("dynamic_thresholding:percentile=99", "option 'percentile' is 99, more than 1"),
      ("dynamic_thresholding:range=0", "option 'range' is 0, less than 0.01"),
      ("adaptive_projected_guidance:momentum=-2", "option 'momentum' is -2, less than -1"),
      ("adaptive_projected_guidance:space=noise", "option 'space' is 'noise'"),
      ("cfg_plus_plus:scale=11", "option 'scale' is 11, more than 10"),
      ("controlnet_scale_schedule:first=a", "option 'first' must be a finite number, found 'a'"),
      ("ip_adapter_scale_schedule:stop=2", "option 'stop' is 2, more than 1"),
      ("early_stop:patience=0", "option 'patience' is 0, less than 1"),
      ("guidance_skipping:every=0", "option 'every' is 0, less than 1"),
      ("adaptive_guidance:threshold=1.1", "option 'threshold' is 1.1, more than 1"),
    ])
  func checks(plugin: String, wanted: String) async throws {
    let found = await message([plugin])
    #expect(found.contains(wanted), "\(found)")
  }

  @Test(
    "are checked together when the run begins",
    arguments: [
      ("guidance_schedule:shape=list", "shape=list needs values"),
      ("guidance_schedule:values=1,2", "values belong to shape=list"),
      ("guidance_interval:sigma_low=6", "sigma_low must be less than sigma_high"),
      ("guidance_interval:by=progress,start=0.5,stop=0.5", "start must be less than stop"),
      ("controlnet_scale_schedule", "the run has no ControlNet"),
      ("ip_adapter_scale_schedule", "the run has no IP-Adapter"),
    ])
  func together(plugin: String, wanted: String) async throws {
    let id = plugin.prefix { $0 != ":" }
    let found = await message([plugin])
    #expect(found.hasPrefix("plugins/\(id).lua:") && found.hasSuffix(": on_run_begin: \(wanted)"), "\(found)")
  }

  @Test(
    "that need guidance warn where there is none",
    arguments: [
      ("guidance_rescale", "rescale"), ("dynamic_thresholding", "threshold"), ("cfg_zero_star", "correct"),
      ("adaptive_projected_guidance", "project"), ("adaptive_guidance", "turn off"), ("guidance_skipping", "skip"),
      ("guidance_interval", "confine"),
    ])
  func unguided(plugin: String, verb: String) async throws {
    var request = TinyModel.request(steps: 2)
    request.guidanceScale = 1
    let run = try await ShelfRun([plugin], request)
    #expect(run.log == ["warning: guidance is off, so there is nothing to \(verb)"])
    expectExact(run.result.latents, try await ShelfRun([], request).result.latents)
  }

  @Test("of a prediction of nothing, a rescaled one is nothing too") func together() async throws {
    let zero = "cfg_zero_star:zero_init_steps=2,optimized_scale=false"
    let alone = try await ShelfRun([zero])
    let both = try await ShelfRun([zero, "guidance_rescale:share=1"])
    expectExact(both.latents[1], alone.latents[1])
    #expect(difference(both.result.latents, alone.result.latents, atol: 0, rtol: 1e-3) != nil)
  }

  @Test("CFG++ refuses schedulers and runs that it does not fit") func plusPlus() async throws {
    var request = TinyModel.request(steps: 4)
    request.scheduler = "dpm++2m"
    let misfit = await message(["cfg_plus_plus"], request)
    #expect(
      misfit.hasSuffix(
        "on_run_begin: cfg_plus_plus fits the schedulers ddim, ddpm, euler and euler-a, "
          + "not DPMSolverMultistepScheduler"), "\(misfit)")
    request.scheduler = "ddim"
    request.guidanceScale = 1
    let unguided = await message(["cfg_plus_plus"], request)
    #expect(
      unguided.hasSuffix(
        "on_run_begin: cfg_plus_plus needs guidance to be on: give a guidance scale above 1; its weight is the option "
          + "scale"), "\(unguided)")
  }

  @Test("an early stop says so, and keeps what an inpainting run keeps of its picture") func earlyStop() async throws {
    var request = TinyModel.request(steps: 12)
    let picture = try RGBImage(contentsOf: Fixture.folder.appending(path: "pictures/picture.png"))
    let mask = try RGBImage(contentsOf: Fixture.folder.appending(path: "pictures/mask.png"))
    (request.width, request.height) = (32, 24)
    (request.images, request.masks) = ([picture], [mask])
    let run = try await ShelfRun(["early_stop:threshold=20,patience=1,start=0"], request)
    #expect(run.log == ["the picture stands: 2 of 12 steps were enough"])
    #expect(run.result.report.isInterrupted)
    let whole = try await ShelfRun([], request)
    // Where the mask is black both runs end with the picture's own latents.
    let kept = try whole.result.latents.narrow(3, start: 0, length: 1)
    expectClose(try run.result.latents.narrow(3, start: 0, length: 1), kept, rtol: 1e-6)
    #expect(try (run.result.latents - whole.result.latents).abs().maximum().item() > 0.1)
  }
}
