import Foundation
import MoonHost
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTraceSupport
import MoonWeights
import Testing

/// The official callbacks as Lua plugins on every pipeline, held against the reference's runs with them; where the
/// reference is wrong, against runs whose companion tensors were repaired by hand.
@Suite("Official callbacks on every pipeline") struct OfficialCallbackTests {
  private static let plugins = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "plugins")

  /// The recorded runs with a callback that a bundled plugin stands for.
  static let traces = GuideTrace.all.filter { trace in
    guard let name = try? trace.callback?.string("name") else { return false }
    return name.hasSuffix("CutoffCallback") || name == "RepairedCutoff"
  }

  /// The plugins that must do what the run's callback does.
  private func names(_ trace: GuideTrace, _ pipeline: StableDiffusionPipeline) throws -> [String] {
    let callback = try #require(try trace.callback)
    if try callback.string("name") == "IPAdapterScaleCutoffCallback" { return ["ip_adapter_scale_cutoff"] }
    if pipeline.name == "sd" { return ["sd_cfg_cutoff", "cfg_cutoff"] }
    return ["sdxl_cfg_cutoff", "sdxl_controlnet_cfg_cutoff", "cfg_cutoff"]
  }

  @Test("are followed by the plugins", arguments: traces)
  func follow(trace: GuideTrace) async throws {
    let fixture = try trace.fixture()
    let pipeline = try trace.pipeline()
    let request = try trace.request(fixture)
    let ratio = try #require(try trace.callback).double("cutoff_step_ratio")
    let latents = try fixture["\(trace.name)/latents"]
    let wanted = try latents.select(0, at: latents.shape[0] - 1)
    for name in try names(trace, pipeline) {
      let path = Self.plugins.appending(path: "\(name).lua").path
      let run = GenerationRun(plugins: ["\(path):cutoff_step_ratio=\(ratio)"])
      let result = try await run.generate(with: pipeline, request, threads: 1)
      // The plain runs are held closer elsewhere; what is proved here is that no half is mixed up or left out.
      expectClose(result.latents, wanted, rtol: 1e-4, name)
      #expect(try result.report.effectiveGuidance == trace.guidance.map { $0 > 1 ? $0 : 1 }, "\(name)")
    }
  }

  @Test("are many") func count() { #expect(Self.traces.count >= 25) }
}
