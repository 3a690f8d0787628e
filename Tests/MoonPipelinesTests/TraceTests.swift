import MoonImage
import MoonPipelines
import MoonTensor
import MoonTestSupport
import Testing

/// Whole runs of the tiny models against the reference.
///
/// One call of the network differs by some 1e-6 of the largest value, guidance makes up to 4e-6 of that, and each step
/// adds some to what the run itself makes of the earlier ones (`sensitivity` of the fixture: of a change of 1e-6 after
/// the first step).
@Suite("Recorded runs") struct TraceTests {
  /// How far latents after `step` may be off, relative to the largest.
  static func tolerance(_ trace: Trace, step: Int) -> Float { 4e-6 + 2e-6 * Float(step) + 2 * trace.sensitivity }

  @Test("are followed step by step, with and without a callback", arguments: Trace.all)
  func steps(trace: Trace) throws {
    let fixture = try trace.fixture()
    let callbacks = try trace.callback.map { [try TraceCallbacks.make($0)] } ?? []
    let recorder = Recorder()
    var rows: [Int] = []
    let result = try trace.pipeline().run(
      trace.request(fixture), callbacks: callbacks + [recorder], observe: { rows.append($1.shape[0]) })

    // Noise is the reference's bit for bit; the number that it is multiplied by is rounded to float32 once more.
    expectClose(
      try #require(recorder.initial), try fixture["\(trace.name)/initial_latents"], rtol: 1.2e-7,
      "before the first step")
    let wanted = try fixture["\(trace.name)/latents"]
    try #require(recorder.latents.count == wanted.shape[0])
    for (step, latents) in recorder.latents.enumerated() {
      expectClose(
        latents, try wanted.select(0, at: step), rtol: Self.tolerance(trace, step: step), "after step \(step)")
    }
    expectExact(result.latents, try #require(recorder.latents.last), "the result")

    let report = result.report
    try #require(report.timesteps.count == trace.timestepCount && trace.timesteps.count == trace.timestepCount)
    // Times between whole ones follow from logarithms of noise levels, which are known to 1e-7.
    for (found, wanted) in zip(report.timesteps, trace.timesteps) { #expect(abs(found - wanted) < 1e-4) }
    #expect(report.inferenceSteps == trace.call.steps && report.guidanceScale == trace.call.guidanceScale)
    #expect(report.effectiveGuidance == trace.guidance.map { $0 > 1 ? $0 : 1 })
    #expect(report.stepSeconds.count == trace.guidance.count)
    #expect(report.isInterrupted == (trace.callback == "interrupt"))
    #expect(report.warnings == [])
    let batch = trace.call.prompt.count * trace.call.imagesPerPrompt
    #expect(rows == trace.guidance.map { $0 > 1 ? 2 * batch : batch }, "the network runs on what guidance needs")
  }

  @Test("start from the reference's text embeddings", arguments: Trace.all)
  func embeddings(trace: Trace) throws {
    let fixture = try trace.fixture()
    let recorder = Recorder()
    let stop = HookCallback()
    stop.onRunBegin = { $0.interrupt() }
    let result = try trace.pipeline().run(trace.request(fixture), callbacks: [recorder, stop])
    // Sums of up to 64 products through two or three layers.
    expectClose(
      try #require(recorder.conditional), try #require(try trace.embeddings("prompt_embeds", fixture)), rtol: 5e-6)
    let negative = try trace.embeddings("negative_prompt_embeds", fixture)
    #expect((recorder.unconditional == nil) == (negative == nil))
    if let negative, let found = recorder.unconditional { expectClose(found, negative, rtol: 5e-6) }
    // Interrupted before the first step, a run is what it started from.
    expectClose(result.latents, try fixture["\(trace.name)/initial_latents"], rtol: 1.2e-7)
  }

  static let withImages = Trace.all.filter { trace in
    (try? trace.fixture().contains("\(trace.name)/image")) == true
  }

  @Test("end in the reference's pictures", arguments: withImages)
  func images(trace: Trace) throws {
    let fixture = try trace.fixture()
    let result = try trace.pipeline().run(
      trace.request(fixture), callbacks: trace.callback.map { [try TraceCallbacks.make($0)] } ?? [])
    let wanted = try fixture["\(trace.name)/image"]
    let last = Self.tolerance(trace, step: trace.guidance.count - 1)
    // The decoder carries differences of the latents on, about as large as they are, and adds 1e-5 of its own.
    expectClose(result.decoded, wanted, rtol: 2 * last + 1e-5)
    try expectPixels(result.images, wanted, try fixture.integers("\(trace.name)/image_u8"))
  }

  @Test("are all there")
  func count() throws {
    #expect(Trace.all.count == 61)
    #expect(Self.withImages.count >= 9)
  }
}

/// Compares pictures with the reference's bytes. A byte may be the neighbour of the wanted one only where the
/// reference's own level, before rounding, lies within 0.01 of the half between them.
func expectPixels(_ images: [RGBImage], _ reference: Tensor, _ bytes: [Int]) throws {
  let found = images.flatMap(\.pixels).map(Int.init)
  try #require(found.count == bytes.count)
  // The bytes are [batch, height, width, 3], the reference's levels [batch, 3, height, width].
  let levels = try reference.permuted([0, 2, 3, 1]).contiguous().floats().map { ($0 / 2 + 0.5) * 255 }
  var ties = 0
  for (index, byte) in bytes.enumerated() where found[index] != byte {
    let distance = abs(levels[index] - levels[index].rounded(.down) - 0.5)
    if abs(found[index] - byte) == 1, distance < 0.01 {
      ties += 1
    } else {
      Issue.record("byte \(index) is \(found[index]), wanted \(byte), whose level is \(levels[index])")
    }
  }
  #expect(ties * 1000 <= bytes.count, "\(ties) of \(bytes.count) bytes are at a tie")
}
