import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Batches") struct BatchTests {
  static let prompts = ["a red apple on a blue table", "Night sky over the sea, 2 moons!"]
  /// Rows of a batch go through other matrix products than single ones, and four steps carry the difference on.
  static let tolerance: Float = 2e-5

  @Test(
    "with a seed an image equal single runs with these seeds",
    arguments: [SchedulerKind.ddim, .pndm, .euler, .eulerAncestral, .dpmSolver2MSDE])
  func seeds(kind: SchedulerKind) throws {
    var request = smallRequest(Self.prompts, seeds: [11, 12, 13, 11], scheduler: kind)
    request.negativePrompts = ["blurry, dark", ""]
    request.imagesPerPrompt = 2
    let batch = try RecordedRun(request)
    for row in 0..<4 {
      var single = smallRequest([Self.prompts[row / 2]], seeds: [request.seeds[row]], scheduler: kind)
      single.negativePrompts = [request.negativePrompts[row / 2]]
      let run = try RecordedRun(single)
      expectExact(
        try #require(batch.recorder.initial).narrow(0, start: row, length: 1), try #require(run.recorder.initial))
      for half in 0...1 {
        expectClose(
          try batch.context(0, half: half, of: 4).narrow(0, start: row, length: 1), try run.context(0, half: half),
          rtol: 2e-6, "row \(row), half \(half)")
      }
      expectClose(
        try batch.result.latents.narrow(0, start: row, length: 1), run.result.latents, rtol: Self.tolerance,
        "row \(row)")
      expectClose(
        try batch.result.decoded.narrow(0, start: row, length: 1), run.result.decoded, rtol: 4 * Self.tolerance,
        "picture \(row)")  // the decoder carries differences on
    }
  }

  @Test("with one seed draw all rows from one stream, and equal single runs with these rows")
  func oneSeed() throws {
    var request = smallRequest(Self.prompts, seeds: [21])
    request.imagesPerPrompt = 2
    let batch = try RecordedRun(request)
    var noise = NoiseSource(seeds: [21])
    let rows = try noise.normal(shape: [4, 4, 4, 6])
    expectExact(try #require(batch.recorder.initial), rows)
    for row in 0..<4 {
      var single = smallRequest([Self.prompts[row / 2]])
      single.latents = try rows.narrow(0, start: row, length: 1)
      expectClose(
        try batch.result.latents.narrow(0, start: row, length: 1), try RecordedRun(single).result.latents,
        rtol: Self.tolerance, "row \(row)")
    }
  }

  @Test("keep every row with a cut-off, an edit and a prompt switch")
  func callbacks() throws {
    var request = smallRequest(Self.prompts, seeds: [1, 2, 3, 4])
    request.imagesPerPrompt = 2
    func callback() -> ClosureCallback {
      ClosureCallback { run in
        switch run.step {
        case 0: try run.setTensor(run.tensor("latents") * 1.1, for: "latents")
        case 1:
          let encoded = try run.encode("a cat", negativePrompt: "a dog")
          try run.setPrompt(encoded)
        default: run.state.guidanceScale = 0
        }
      }
    }
    let batch = try RecordedRun(request, callback())
    #expect(batch.rows == [8, 8, 8, 4])
    for row in 0..<4 {
      let single = try RecordedRun(
        smallRequest([Self.prompts[row / 2]], seeds: [request.seeds[row]]), callback())
      expectClose(
        try batch.result.latents.narrow(0, start: row, length: 1), single.result.latents, rtol: Self.tolerance,
        "row \(row)")
    }
  }

  @Test("encode each text once, by its bytes")
  func texts() throws {
    // The accent as one character and as a letter with a mark: the same text to Swift, the same tokens after form C.
    var request = smallRequest(["caf\u{E9}", "cafe\u{301}", "caf\u{E9}"], steps: 1)
    request.negativePrompts = []
    let run = try RecordedRun(request)
    let rows = try (0..<3).map { try run.context(0, half: 1, of: 3).narrow(0, start: $0, length: 1) }
    expectExact(rows[2], rows[0])
    expectExact(rows[1], rows[0])
  }

  @Test("are the same bit for bit with one thread and two")
  func threads() throws {
    let request = smallRequest(Self.prompts, seeds: [1, 2], scheduler: .eulerAncestral)
    let one = try RecordedRun(request, threads: 1)
    let two = try RecordedRun(request, threads: 2)
    expectExact(one.result.latents, two.result.latents)
    expectExact(one.result.decoded, two.result.decoded)
  }
}
