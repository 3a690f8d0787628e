import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Guidance") struct GuidanceTests {
  /// A callback after which step k runs with `scales[k]`.
  private func schedule(_ scales: [Double]) -> ClosureCallback {
    ClosureCallback { run in
      if run.step + 1 < scales.count { run.state.guidanceScale = scales[run.step + 1] }
    }
  }

  @Test("may cross 1 both ways at any step; the unwanted half runs only while it is on")
  func crossing() throws {
    let scales = [7.5, 1.0, 0.0, 3.0]
    let run = try RecordedRun(smallRequest(["a", "b"]), schedule(scales))
    #expect(run.rows == [4, 2, 2, 4])
    #expect(run.result.report.effectiveGuidance == [7.5, 1, 1, 3])
    #expect(run.result.report.guidanceScale == 7.5)
    // Both halves come back as they were.
    expectExact(run.inputs[3].context, run.inputs[0].context)
    for step in 1...2 {
      expectExact(run.inputs[step].context, try run.context(0, half: 1, of: 2), "step \(step)")
    }
  }

  @Test("switched on late equals guidance whose unwanted half was encoded early")
  func lateEncoding() throws {
    let scales = [0.0, 5.0, 5.0, 5.0]
    let late = try RecordedRun(smallRequest(guidance: 0), schedule(scales))
    #expect(late.recorder.unconditional == nil)
    let early = HookCallback()
    early.onRunBegin = { $0.state.guidanceScale = 0 }
    early.onStepEnd = { $0.state.guidanceScale = 5 }
    let other = try RecordedRun(smallRequest(guidance: 5), early)
    #expect(other.recorder.unconditional != nil)
    #expect(late.rows == [1, 2, 2, 2] && other.rows == late.rows)
    expectExact(try late.context(1, half: 0), try #require(other.recorder.unconditional))
    expectExact(late.result.latents, other.result.latents)
    #expect(late.result.report.effectiveGuidance == [1, 5, 5, 5])
  }

  @Test("below or at 1 is the wanted half alone, whatever its weight", arguments: [1.0, 0.5, 0, -3])
  func off(scale: Double) throws {
    let run = try RecordedRun(smallRequest(guidance: scale))
    let one = try RecordedRun(smallRequest(guidance: 1))
    #expect(run.rows == [1, 1, 1, 1] && run.recorder.unconditional == nil)
    #expect(run.result.report.effectiveGuidance == [1, 1, 1, 1] && run.result.report.guidanceScale == scale)
    expectExact(run.result.latents, one.result.latents)
  }

  @Test("just above 1 is close to the wanted half alone")
  func justAbove() throws {
    let off = try RecordedRun(smallRequest(guidance: 1))
    let on = try RecordedRun(smallRequest(guidance: 1.000001))
    #expect(on.rows == [2, 2, 2, 2])
    // The two halves differ by about themselves; 1e-6 of that, and the rounding of the combination, over four steps.
    expectClose(on.result.latents, off.result.latents, rtol: 2e-5)
  }

  @Test("is computed as the reference does, alone and rescaled")
  func arithmetic() throws {
    var request = smallRequest(steps: 1, guidance: 4)
    request.guidanceRescale = 0.7
    let callback = HookCallback()
    callback.onGuidance = { _, predictions in
      let (wanted, unwanted) = (try predictions.conditional.floats(), try predictions.unconditional.floats())
      let plain = zip(wanted, unwanted).map { Double($1) + 4 * (Double($0) - Double($1)) }
      let factor = deviation(wanted.map(Double.init)) / deviation(plain)
      let expected = plain.map { Float(0.7 * $0 * factor + 0.3 * $0) }
      expectClose(
        predictions.combined, try Tensor(expected, shape: predictions.combined.shape), rtol: 1e-6)  // float32
      return nil
    }
    #expect(try RecordedRun(request, callback).rows == [2])
  }

  @Test("that is rescaled treats each picture alone")
  func rescaledRows() throws {
    var request = smallRequest(["a red apple", "night"], steps: 2, seeds: [3, 4])
    request.guidanceRescale = 0.7
    let both = try RecordedRun(request)
    for row in 0..<2 {
      var single = smallRequest([request.prompts[row]], steps: 2, seeds: [request.seeds[row]])
      single.guidanceRescale = 0.7
      expectClose(
        try both.result.latents.narrow(0, start: row, length: 1), try RecordedRun(single).result.latents, rtol: 2e-5,
        "row \(row)")  // float32 through two calls of the network
    }
  }

  /// The standard deviation with the sum over one less than the count, as the reference has it.
  private func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }
}
