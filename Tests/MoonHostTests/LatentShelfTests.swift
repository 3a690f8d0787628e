import Foundation
import MoonHost
import MoonImage
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTraceSupport
import MoonTrialSupport
import Testing

/// The bundled plugins that change noise and latents, held against plain loops of the reference.
@Suite("Shelf: noise and latents") struct LatentShelfTests {
  static let plugins = ["noise_injection", "restart_sampling", "offset_noise", "latent_centering", "detail_boost"]

  @Test("each step is that of a plain loop with the trick", arguments: plugins.flatMap { ShelfTrial.traces($0) })
  func traces(trace: GuideTrace) async throws { _ = try await ShelfTrial.expectTrace(trace) }

  @Test("have runs to compare with", arguments: plugins)
  func recorded(plugin: String) { #expect(ShelfTrial.traces(plugin).count >= 3) }

  @Test(
    "with nothing to change, no bit of the run changes",
    arguments: [
      ("noise_injection", "strength=0"), ("noise_injection", "start=0.5,stop=0.5"),
      ("restart_sampling", "repeats=0"), ("restart_sampling", "sigma_min=2"),
      ("offset_noise", "strength=0"), ("latent_centering", "channel_shift=0"), ("latent_centering", "stop=0"),
      ("detail_boost", "strength=0"), ("detail_boost", "start=0.7,stop=0.7"),
    ])
  func neutral(plugin: String, options: String) async throws {
    try await ShelfTrial.expectNoChange(plugin, options)
    try await ShelfTrial.expectNoChange(plugin, options, scheduler: "dpm++2m")
  }

  @Test(
    "options that do not fit are refused",
    arguments: [
      ("noise_injection", "every=0", "option 'every' is 0, less than 1"),
      ("noise_injection", "strenth=1", "there is no option 'strenth'; did you mean 'strength'?"),
      ("restart_sampling", "sigma_min=3", "on_run_begin: sigma_min is above sigma_max"),
      (
        "restart_sampling", "sigma_min=0.1,sigma_max=20,repeats=9",
        "on_run_begin: repeats: the run would take 21 steps, the limit is 12"
      ),
      (
        "offset_noise", "offsets=1,2",
        "on_step_begin, step 0/3: offsets: 2 numbers, but the latents have 4 channels"
      ),
      (
        "latent_centering", "channels=1,4",
        "on_step_end, step 0/3: channels: there is no channel 4, they are 0 to 3"
      ),
      ("detail_boost", "method=wavelet", "option 'method' is 'wavelet'; there are blur, fft"),
    ])
  func options(plugin: String, options: String, message: String) async throws {
    #expect(try await ShelfTrial.message(plugin, options) == message)
  }

  @Test("a restart without a step to repeat says so") func nothingToRepeat() async throws {
    let run = try await ShelfTrial(
      "restart_sampling", options: "sigma_min=2", with: TinyModel.pipeline.get(), TinyModel.request())
    let warning = "no step lies between sigma_max and sigma_min, so there is nothing to go back for"
    #expect(run.result.report.warnings.map { $0.hasSuffix(warning) } == [true])
  }

  // MARK: Strip

  @Test("a strip shows what the steps predict, and changes nothing", arguments: ShelfTrial.traces("preview_strip"))
  func strip(trace: GuideTrace) async throws {
    let run = try await ShelfTrial.expectTrace(trace)
    let saved = try PNG.read(run.pictures.appending(path: "strip.png"))
    let wanted = try trace.fixture()["\(trace.name)/strip"]
    #expect(wanted.shape == [3, saved.height, saved.width])
    let levels = try wanted.permuted([1, 2, 0]).floats()
    #expect(saved.pixels.count == levels.count)
    // A level that lies between two whole ones may be rounded the other way.
    let worst = zip(saved.pixels, levels).map { abs(Float($0) - $1) }.max() ?? 0
    #expect(worst <= 0.51, "\(trace.name): off by \(worst)")
    let plain = try await ShelfTrial(nil, with: trace.pipeline(), trace.request(trace.fixture()))
    expectExact(run.latents, plain.latents)
  }

  @Test("there are strips to compare with") func strips() { #expect(ShelfTrial.traces("preview_strip").count == 3) }

  @Test("a strip is kept to a million pixels") func largeStrip() async throws {
    var trial = try PluginTrial()
    trial.specifications = [ShelfTrial.plugins.path + "/preview_strip.lua:scale=32,decode=true"]
    trial.request = TinyModel.request(steps: 25)
    // Time is not what is tried here.
    trial.limits.hookSeconds = 60
    _ = try await trial.run().result.get()
    let saved = try PNG.read(trial.imageFolder.appending(path: "preview_strip/strip.png"))
    // 25 pictures of 16 pixels, 12 times enlarged in place of 32 times.
    #expect(saved.width == 25 * 16 * 12)
    #expect(saved.height == 16 * 12)
  }

  @Test("a strip of a run that ends early is saved, too") func earlyStrip() async throws {
    var trial = try PluginTrial()
    trial.specifications = [ShelfTrial.plugins.path + "/preview_strip.lua:gap=1,scale=1"]
    try trial.add("return function(pipe, step) pipe.interrupt = step == 1 end")
    _ = try await trial.run().result.get()
    let saved = try PNG.read(trial.imageFolder.appending(path: "preview_strip/strip.png"))
    #expect(saved.width == 9)
    #expect(saved.height == 4)
  }
}
