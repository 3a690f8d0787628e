import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Writes of callbacks") struct TensorWriteTests {
  /// A callback that writes `tensor` to `name` at the end of step 1.
  private func write(_ name: String, _ tensor: @escaping (DenoisingRun) throws -> Tensor) -> ClosureCallback {
    ClosureCallback { run in
      if run.step == 1 { try run.setTensor(tensor(run), for: name) }
    }
  }

  /// Runs with the write, and checks that the steps before it are those of `plain`.
  private func run(_ callback: any StepCallback, against plain: RecordedRun, _ request: GenerationRequest) throws
    -> RecordedRun
  {
    let changed = try RecordedRun(request, callback)
    for step in 0...1 {
      expectExact(changed.inputs[step].latents, plain.inputs[step].latents, "latents of step \(step)")
      expectExact(changed.inputs[step].context, plain.inputs[step].context, "embeddings of step \(step)")
    }
    #expect(try relativeDifference(changed.result.latents, plain.result.latents) > 0.01, "the write is seen")
    return changed
  }

  @Test("of both halves of the text embeddings reach the network in the next step")
  func bothHalves() throws {
    let request = smallRequest(["a", "b"])
    let plain = try RecordedRun(request)
    let changed = try run(
      write("prompt_embeds") { try $0.tensor("prompt_embeds") * -0.5 + 0.25 }, against: plain, request)
    for step in 2...3 {
      expectExact(changed.inputs[step].context, try plain.inputs[step].context * -0.5 + 0.25, "step \(step)")
    }
    expectExact(changed.inputs[2].latents, plain.inputs[2].latents, "the latents of step 1 stay")
  }

  @Test("of one row an image are the wanted half, while guidance is on and while it is off", arguments: [7.5, 1])
  func wantedHalf(guidance: Double) throws {
    let request = smallRequest(["a", "b"], guidance: guidance)
    let plain = try RecordedRun(request)
    let other = try Tensor(repeating: 0.5, shape: [2, 77, 32])
    let changed = try run(write("prompt_embeds") { _ in other }, against: plain, request)
    let half = guidance > 1 ? 1 : 0
    for step in 2...3 {
      expectExact(try changed.context(step, half: half, of: 2), other, "wanted, step \(step)")
      if half == 1 {
        expectExact(
          try changed.context(step, half: 0, of: 2), try plain.context(step, half: 0, of: 2), "unwanted, step \(step)")
      }
    }
  }

  @Test("of both halves while guidance is off wait until it is on")
  func bothHalvesUnguided() throws {
    let request = smallRequest(guidance: 0)
    let both = try Tensor.concatenated(
      [Tensor(repeating: 0.25, shape: [1, 77, 32]), Tensor(repeating: -0.25, shape: [1, 77, 32])], along: 0)
    let callback = ClosureCallback { run in
      if run.step == 0 { try run.setTensor(both, for: "prompt_embeds") }
      if run.step == 1 { run.state.guidanceScale = 3 }
    }
    let changed = try RecordedRun(request, callback)
    #expect(changed.rows == [1, 1, 2, 2])
    expectExact(changed.inputs[1].context, try both.narrow(0, start: 1, length: 1))
    expectExact(changed.inputs[2].context, both)
  }

  @Test("of the unwanted half reach the network in the next step")
  func unwantedHalf() throws {
    let request = smallRequest(["a", "b"])
    let plain = try RecordedRun(request)
    let other = try Tensor(repeating: 0.5, shape: [2, 77, 32])
    let changed = try run(write("negative_prompt_embeds") { _ in other }, against: plain, request)
    for step in 2...3 {
      expectExact(try changed.context(step, half: 0, of: 2), other, "unwanted, step \(step)")
      expectExact(
        try changed.context(step, half: 1, of: 2), try plain.context(step, half: 1, of: 2), "wanted, step \(step)")
    }
  }

  @Test("of latents reach the network in the next step, under every scheduler", arguments: SchedulerKind.allCases)
  func latents(kind: SchedulerKind) throws {
    let request = smallRequest(scheduler: kind)
    let plain = try RecordedRun(request)
    var scale: Float = 1
    let edit = write("latents") { run in
      let scaled = kind.addsNoise
      let sigma = Float(run.sigmas[2])
      if scaled { scale = 1 / (sigma * sigma + 1).squareRoot() }
      return try run.tensor("latents") * -0.75
    }
    let changed = try run(edit, against: plain, request)
    let wanted = try plain.recorder.latents[1] * -0.75
    expectExact(changed.recorder.latents[1], wanted)
    expectClose(try changed.inputs[2].latents.narrowed(to: 1), try wanted * scale, rtol: 4e-7)  // a product and a root
    // Later steps start from there, too: what they add depends on the prediction, not on the earlier latents.
    #expect(try relativeDifference(changed.recorder.latents[2], plain.recorder.latents[2]) > 0.1)
  }

  /// With a prediction of no noise PNDM's first two steps only scale the latents, so an edit between them must stay.
  @Test("of latents count in PNDM's first step, which the second corrects", arguments: [true, false])
  func firstStepOfPNDM(atEnd: Bool) throws {
    let callback = HookCallback()
    callback.onGuidance = { _, predictions in try predictions.combined * 0 }
    let plain = try RecordedRun(smallRequest(scheduler: .pndm), callback)
    expectClose(plain.recorder.latents[1], plain.recorder.latents[0], rtol: 2e-7)  // two products
    let change = try plain.recorder.latents[0] * 0.5 + 0.125
    let edit: (DenoisingRun) throws -> Void = { run in
      try run.setTensor(run.tensor("latents") + change, for: "latents")
    }
    if atEnd {
      callback.onStepEnd = { run in if run.step == 0 { try edit(run) } }
    } else {
      callback.onStepBegin = { run in if run.step == 1 { try edit(run) } }
    }
    let changed = try RecordedRun(smallRequest(scheduler: .pndm), callback)
    let wanted = try plain.recorder.latents[0] + change
    expectExact(try changed.inputs[1].latents.narrowed(to: 1), wanted)
    expectClose(changed.recorder.latents[1], wanted, rtol: 1e-6)  // the edit is scaled back to the start and forth
  }

  @Test("of latents at the beginning of a step are the latents of that step")
  func beginningOfStep() throws {
    let plain = try RecordedRun(smallRequest())
    let callback = HookCallback()
    callback.onStepBegin = { run in
      if run.step == 2 { try run.setTensor(run.tensor("latents") * 0.5, for: "latents") }
    }
    let atBegin = try RecordedRun(smallRequest(), callback)
    let atEnd = try RecordedRun(smallRequest(), write("latents") { try $0.tensor("latents") * 0.5 })
    expectExact(atBegin.inputs[2].latents, try plain.inputs[2].latents * 0.5)
    expectExact(atBegin.result.latents, atEnd.result.latents)
  }

  @Test("of a combined prediction are what the scheduler follows")
  func combination() throws {
    let callback = HookCallback()
    var scales: [Float] = []
    callback.onGuidance = { run, predictions in
      let (wanted, unwanted) = (predictions.conditional, predictions.unconditional)
      let difference = try predictions.combined - unwanted
      scales.append(try relativeDifference(difference, wanted - unwanted) + 1)
      expectExact(predictions.latents, run.state.latents)
      return try unwanted + (wanted - unwanted) * 3
    }
    let changed = try RecordedRun(smallRequest(), callback)
    let three = try RecordedRun(smallRequest(guidance: 3))
    expectExact(changed.result.latents, three.result.latents)
    #expect(scales.count == 4 && scales.allSatisfy { abs($0 - 7.5) < 1e-3 }, "the default combination comes first")
    #expect(changed.result.report.effectiveGuidance == [7.5, 7.5, 7.5, 7.5])
  }

  @Test("of several callbacks follow one another")
  func order() throws {
    let first = write("latents") { try $0.tensor("latents") + 1 }
    let second = write("latents") { try $0.tensor("latents") * 2 }
    let plain = try RecordedRun(smallRequest())
    let changed = try RecordedRun(smallRequest(), first, second)
    expectExact(changed.recorder.latents[1], try (plain.recorder.latents[1] + 1) * 2)
  }

  @Test("that do not fit are refused by name")
  func refusals() throws {
    var texts: [String?] = []
    let callback = ClosureCallback { run in
      let zeros = try Tensor(repeating: 0, shape: [1, 4, 4, 6])
      var broken = zeros
      try broken.set(.nan, at: [0, 0, 1, 2])
      let long = try Tensor(repeating: 0, shape: [3, 77, 32])
      var infinite = try Tensor(repeating: 0, shape: [2, 77, 32])
      try infinite.set(-.infinity, at: [1, 0, 3])
      texts = [
        message { try run.setTensor(zeros.narrow(1, start: 0, length: 3), for: "latents") },
        message { try run.setTensor(broken, for: "latents") },
        message { try run.setTensor(long, for: "prompt_embeds") },
        message { try run.setTensor(infinite, for: "prompt_embeds") },
        message { try run.setTensor(long, for: "negative_prompt_embeds") },
        message { try run.setTensor(zeros, for: "latent") },
        message { try run.tensor("image\u{1B}") },
      ]
      run.interrupt()
    }
    let plain = try RecordedRun(smallRequest())
    let changed = try RecordedRun(smallRequest(), callback)
    expectExact(changed.result.latents, plain.recorder.latents[0], "a refused write changes nothing")
    #expect(
      texts == [
        "'latents' has shape [1, 3, 4, 6], wanted [1, 4, 4, 6]",
        "'latents' is NaN or infinite (element 8)",
        "'prompt_embeds' has shape [3, 77, 32], wanted [2, 77, 32] or [1, 77, 32]",
        "'prompt_embeds' is NaN or infinite (element 2467)",
        "'negative_prompt_embeds' has shape [3, 77, 32], wanted [1, 77, 32]",
        "this pipeline offers no tensor 'latent'; it offers latents, prompt_embeds, negative_prompt_embeds",
        "this pipeline offers no tensor 'image\\u{1b}'; it offers latents, prompt_embeds, negative_prompt_embeds",
      ])
  }

  @Test(
    "to the state itself are checked before the next step",
    arguments: [
      (0, "'guidance_scale' must be a finite number that float32 can hold"),
      (1, "'guidance_scale' must be a finite number that float32 can hold"),
      (2, "'guidance_rescale' must be a finite number that float32 can hold"),
      (3, "'latents' has shape [2, 4, 4, 6], wanted [1, 4, 4, 6]"),
      (4, "the latents became NaN or infinite at step 2"),
    ])
  func stateWrites(number: Int, text: String) throws {
    let callback = ClosureCallback { run in
      if run.step != 1 { return }
      switch number {
      case 0: run.state.guidanceScale = .nan
      case 1: run.state.guidanceScale = 1e39
      case 2: run.state.guidanceRescale = -.infinity
      case 3: run.state.latents = try Tensor(repeating: 0, shape: [2, 4, 4, 6])
      default: run.state.latents = try Tensor(repeating: .nan, shape: [1, 4, 4, 6])
      }
    }
    #expect(message { try RecordedRun(smallRequest(), callback) } == text)
  }

  @Test("that make the latents overflow end the run")
  func divergence() throws {
    let callback = HookCallback()
    callback.onGuidance = { run, predictions in run.step == 2 ? try predictions.combined * 1e38 * 1e38 : nil }
    #expect(
      message { try RecordedRun(smallRequest(), callback) }
        == "the latents became NaN or infinite at step 2")
  }
}

extension Tensor {
  /// The first `rows` rows.
  fileprivate func narrowed(to rows: Int) throws -> Tensor { try narrow(0, start: 0, length: rows) }
}
