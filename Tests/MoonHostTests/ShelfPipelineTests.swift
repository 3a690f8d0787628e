import MoonHost
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTraceSupport
import Testing

/// The bundled plugins of prompts, noise and latents on runs that are recorded without them.
@Suite("Shelf: every pipeline and scheduler") struct ShelfPipelineTests {
  /// A plugin with options that change every run.
  static let plugins = [
    "prompt_schedule:prompt=a [green|blue] pear [on a table:0.4]", "prompt_blend:to=a green pear",
    "cads:noise_scale=3,tau1=0.1", "noise_injection:strength=0.5,stop=1",
    "restart_sampling:sigma_max=20,sigma_min=0.5", "offset_noise:strength=2", "latent_centering:stop=1",
    "detail_boost:strength=0.5,start=0,stop=1", "preview_strip",
  ]

  /// Runs of several kinds.
  static let traces = GuideTrace.all.filter { trace in
    [
      "img2img/xl/batch", "inpaint/sd/plain", "inpaint/xl9/plain", "controlnet/xl/plain", "ip_adapter/sd/plain",
      "schedulers/heun", "schedulers/kdpm2-a", "schedulers/unipc", "schedulers/lms", "schedulers/ddpm",
      "schedulers/lcm",
    ].contains(trace.name)
  }

  @Test("a plugin runs, and changes the latents if that is its purpose", arguments: traces, plugins)
  func run(trace: GuideTrace, plugin: String) async throws {
    let fixture = try trace.fixture()
    let recorded = try fixture["\(trace.name)/latents"]
    let plain = try recorded.select(0, at: recorded.shape[0] - 1)
    let parts = plugin.split(separator: ":", maxSplits: 1).map(String.init)
    let run = try await ShelfTrial(
      parts[0], options: parts.dropFirst().first ?? "", with: trace.pipeline(), trace.request(fixture))
    #expect(try run.result.latents.firstNonFinite() == nil)
    let isSame = difference(run.result.latents, plain, atol: 0, rtol: 1e-4) == nil
    #expect(isSame == (parts[0] == "preview_strip"))
    #expect(run.result.report.warnings.filter { $0.contains("nothing to") } == [])
  }

  @Test("there are runs to try") func count() { #expect(Self.traces.count == 11) }
}
