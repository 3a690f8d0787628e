import MoonHost
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTraceSupport
import Testing

/// Tricks of guidance and weights as bundled plugins, each held against a plain loop over the same model in Python.
@Suite("Tricks against plain loops, first half") struct ShelfTracesATests {
  static let traces = GuideTrace.runs(in: "tricks_a.json")

  @Test("agree step by step", arguments: traces)
  func follow(trace: GuideTrace) async throws {
    let fixture = try trace.fixture()
    let run = try await ShelfRun(trace.plugins, with: trace.pipeline(), trace.request(fixture))
    let wanted = try fixture["\(trace.name)/latents"]
    try #require(run.latents.count == wanted.shape[0])
    for (step, latents) in run.latents.enumerated() {
      // Float32 in other orders of sums, over at most a dozen steps; found are at most 1.2e-5.
      expectClose(latents, try wanted.select(0, at: step), rtol: 5e-5, "step \(step)")
    }
    expectExact(run.result.latents, try #require(run.latents.last))
    let guidance = try trace.guidance
    #expect(run.result.report.effectiveGuidance.count == guidance.count)
    for (found, wanted) in zip(run.result.report.effectiveGuidance, guidance) {
      // Both are computed in double precision.
      #expect(abs(found - max(wanted, 1)) < 1e-9, "\(found), wanted \(wanted)")
    }
    #expect(run.result.report.isInterrupted == (run.latents.count < (try trace.stepCount)))
  }

  @Test("are many, for noise, velocity, one picture, several, and every plugin") func count() throws {
    let ids = Set(try Self.traces.flatMap { try $0.plugins.map { $0.prefix { $0 != ":" } } })
    #expect(Self.traces.count >= 45)
    #expect(ids.count == 12)
  }
}
