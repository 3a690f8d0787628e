import MoonImage
import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Callbacks that change nothing") struct NoChangeTests {
  private func expectSame(_ request: GenerationRequest, _ callback: any StepCallback) throws {
    let plain = try RecordedRun(request)
    let called = try RecordedRun(request, callback)
    for (step, latents) in called.recorder.latents.enumerated() {
      expectExact(latents, plain.recorder.latents[step], "after step \(step)")
    }
    expectExact(called.result.decoded, plain.result.decoded)
    #expect(called.result.images == plain.result.images)
  }

  @Test("leave the latents bit for bit", arguments: SchedulerKind.allCases, [7.5, 1])
  func nothing(kind: SchedulerKind, guidance: Double) throws {
    var calls = 0
    let callback = HookCallback()
    callback.onStepBegin = { _ in calls += 1 }
    callback.onStepEnd = { _ in calls += 1 }
    callback.onGuidance = { _, _ in
      calls += 1
      return nil
    }
    let request = smallRequest(steps: 5, guidance: guidance, scheduler: kind)
    try expectSame(request, callback)
    #expect(calls == kind.entries(5) * (guidance > 1 ? 3 : 2))
  }

  @Test("may look at the picture so far", arguments: SchedulerKind.allCases, [32, 272])
  func pictures(kind: SchedulerKind, side: Int) throws {
    var sizes: Set<[Int]> = []
    let callback = ClosureCallback { run in
      let picture = try #require(try run.pictureSoFar(row: 0))
      #expect(try picture.floats().allSatisfy { (0...255).contains($0) })
      sizes.insert(picture.shape)
    }
    var request = smallRequest(steps: 2, scheduler: kind)
    (request.width, request.height) = (side, side)
    try expectSame(request, callback)
    // What is large is shown a pixel a latent, by the linear map.
    let shown = side == 32 ? side : side / 4
    #expect(sizes == [[3, shown, shown]])
  }

  @Test("may hand back copies of everything they were given", arguments: SchedulerKind.allCases, [7.5, 1])
  func equalValues(kind: SchedulerKind, guidance: Double) throws {
    let request = smallRequest(steps: 5, guidance: guidance, scheduler: kind)
    let callback = HookCallback()
    callback.onGuidance = { _, predictions in
      try Tensor(predictions.combined.floats(), shape: predictions.combined.shape)
    }
    callback.onStepEnd = { run in
      for name in run.tensorNames {
        let tensor = try run.tensor(name)
        try run.setTensor(Tensor(tensor.floats(), shape: tensor.shape), for: name)
      }
      run.state.guidanceScale = Double("\(run.state.guidanceScale)") ?? 0
    }
    try expectSame(request, callback)
  }

  @Test("may hand back the same numbers in another layout")
  func turnedValues() throws {
    let callback = ClosureCallback { run in
      let latents = try run.tensor("latents")
      let turned = try latents.permuted([0, 1, 3, 2]).contiguous().permuted([0, 1, 3, 2])
      try run.setTensor(turned, for: "latents")
    }
    try expectSame(smallRequest(steps: 5, scheduler: .pndm), callback)
  }

  @Test("see the run as it is")
  func whatTheySee() throws {
    var request = smallRequest(["a", "b"], steps: 3, seeds: [1], scheduler: .pndm)
    request.imagesPerPrompt = 2
    var steps: [Int] = []
    let callback = HookCallback()
    callback.onRunBegin = { run in
      #expect(run.step == -1 && run.batchSize == 4 && run.pipelineName == "sd" && run.timestepCount == 4)
      #expect(run.width == 24 && run.height == 16 && run.schedulerName == "PNDMScheduler")
      #expect(run.tensorNames == ["latents", "prompt_embeds", "negative_prompt_embeds"])
      #expect(run.predictedOriginal == nil && run.timesteps.count == 4 && run.sigmas.count == 5)
    }
    callback.onStepEnd = { run in
      steps.append(run.step)
      #expect(run.timestep == run.timesteps[run.step])
      #expect(run.predictedOriginal?.shape == [4, 4, 4, 6])
      try expectShape(of: run.tensor("latents"), [4, 4, 4, 6])
      try expectShape(of: run.tensor("prompt_embeds"), [8, 77, 32])
      try expectShape(of: run.tensor("negative_prompt_embeds"), [4, 77, 32])
    }
    var progress: [[Int]] = []
    var seconds: [Double] = []
    let result = try Model.tinySD.pipeline().run(
      request, callbacks: [callback],
      progress: {
        progress.append([$0.step, $0.count])
        seconds.append($0.seconds)
      })
    #expect(steps == [0, 1, 2, 3])
    #expect(progress == [[0, 4], [1, 4], [2, 4], [3, 4]])
    #expect(seconds == result.report.stepSeconds && seconds.allSatisfy { $0 > 0 })
    #expect(result.report.seeds == [1] && result.report.pipeline == "sd" && result.report.inferenceSteps == 3)
    #expect(result.report.scheduler == "PNDMScheduler" && result.report.timesteps.count == 4)
    #expect(result.report.width == 24 && result.report.height == 16 && result.report.decodeSeconds > 0)
    #expect(
      result.images.count == 4 && result.decoded.shape == [4, 3, 16, 24] && result.latents.shape == [4, 4, 4, 6])
    #expect(result.images.allSatisfy { $0.width == 24 && $0.height == 16 })
  }
}

/// Expects a shape.
private func expectShape(of tensor: Tensor, _ wanted: [Int], sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(tensor.shape == wanted, sourceLocation: sourceLocation)
}
