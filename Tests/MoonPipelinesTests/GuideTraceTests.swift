import MoonImage
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTraceSupport
import Testing

/// Whole runs of every other pipeline against the reference: SDXL, image-to-image, inpainting, ControlNet, IP-Adapter,
/// further schedulers.
@Suite("Recorded runs of every pipeline") struct GuideTraceTests {
  /// Fractional training times, which follow from logarithms of noise levels, are known to 1e-4.
  static func timeTolerance(_ report: GenerationReport) -> Float {
    report.timesteps.allSatisfy { $0 == $0.rounded() } ? 0 : 1e-5
  }

  /// How far latents after `step` may be off, relative to the largest: as in plain text-to-image, and half as much again
  /// for the networks beside the UNet.
  static func tolerance(_ trace: GuideTrace, step: Int) throws -> Float {
    6e-6 + 3e-6 * Float(step) + 3 * (try trace.sensitivity)
  }

  @Test("are followed step by step, with and without a callback", arguments: GuideTrace.all)
  func steps(trace: GuideTrace) throws {
    let fixture = try trace.fixture()
    let recorder = Recorder()
    var rows: [Int] = []
    let pipeline = try trace.pipeline()
    let request = try trace.request(fixture)
    let result = try pipeline.run(
      request, callbacks: trace.callbacks() + [recorder], observe: { rows.append($1.shape[0]) })
    // The picture's latents come from the encoder, else they are noise: bit for bit, times a number.
    expectClose(
      try #require(recorder.initial), try fixture["\(trace.name)/initial_latents"], rtol: 6e-6, "before the first step")
    let wanted = try fixture["\(trace.name)/latents"]
    try #require(recorder.latents.count == wanted.shape[0])
    for (step, latents) in recorder.latents.enumerated() {
      expectClose(
        latents, try wanted.select(0, at: step),
        rtol: try Self.tolerance(trace, step: step) + Self.timeTolerance(result.report), "after step \(step)")
    }
    let report = result.report
    let guidance = try trace.guidance
    #expect(try report.timesteps.count == trace.stepCount)
    #expect(report.effectiveGuidance == guidance.map { $0 > 1 ? $0 : 1 })
    #expect(try rows == trace.rows, "the network runs on what guidance needs")
  }

  @Test("end in the reference's pictures", arguments: GuideTrace.all)
  func images(trace: GuideTrace) throws {
    let fixture = try trace.fixture()
    guard fixture.contains("\(trace.name)/image_u8") else { return }
    let pipeline = try trace.pipeline()
    let request = try trace.request(fixture)
    let result = try pipeline.run(request, callbacks: trace.callbacks())
    let bytes = try fixture.integers("\(trace.name)/image_u8")
    let found = result.images.flatMap(\.pixels).map(Int.init)
    try #require(found.count == bytes.count)
    let off = zip(found, bytes).filter { $0 != $1 }
    // Levels at a tie may go either way.
    #expect(off.allSatisfy { abs($0 - $1) <= 1 } && off.count * 100 <= bytes.count, "\(off.count) of \(bytes.count)")
  }

  @Test("are all there")
  func count() {
    #expect(GuideTrace.all.count == 114)
  }
}
