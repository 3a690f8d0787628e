import Foundation
import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import MoonTraceSupport
import Testing

@Suite("Traces of runs") struct RunTraceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The trace of a run, written to a file and read back.
  private func stored(_ result: GenerationResult) throws -> RunTrace {
    let url = try folder.file("trace.safetensors")
    try #require(result.trace).write(to: url)
    return try RunTrace(contentsOf: url)
  }

  /// Runs the tiny model with a record, and the record without the model.
  private func expectReplay(
    _ request: GenerationRequest, of pipeline: StableDiffusionPipeline? = nil,
    callbacks: () throws -> [any StepCallback] = { [] }
  ) throws {
    var request = request
    let pipeline = try pipeline ?? Model.tinySD.pipeline()
    let plain = try pipeline.run(request, callbacks: callbacks())
    #expect(plain.trace == nil)
    request.recordsTrace = true
    let recorder = Recorder()
    let result = try pipeline.run(request, callbacks: callbacks() + [recorder])
    expectExact(result.latents, plain.latents, "recording changes nothing")
    let replay = Recorder()
    let outcome = try stored(result).replay(callbacks: callbacks() + [replay])
    try #require(replay.latents.count == recorder.latents.count)
    for (step, latents) in replay.latents.enumerated() {
      expectExact(latents, recorder.latents[step], "after step \(step)")
    }
    expectExact(outcome.latents, result.latents)
    #expect(outcome.report.effectiveGuidance == result.report.effectiveGuidance)
    #expect(outcome.report.timesteps == result.report.timesteps)
  }

  @Test("replay bit for bit without the model", arguments: SchedulerKind.allCases, [7.5, 1])
  func schedulers(kind: SchedulerKind, guidance: Double) throws {
    try expectReplay(smallRequest(steps: 5, guidance: guidance, scheduler: kind))
  }

  @Test("replay bit for bit in every pipeline, with the callbacks of the run", arguments: GuideTrace.all)
  func pipelines(trace: GuideTrace) throws {
    try expectReplay(trace.request(trace.fixture()), of: trace.pipeline(), callbacks: trace.callbacks)
  }

  @Test("of batches replay, with a seed for each image and edits of the latents and of the prompt")
  func edits() throws {
    let request = smallRequest(["one", "two"], seeds: [1, 2], scheduler: .eulerAncestral)
    try expectReplay(
      request,
      callbacks: {
        let callback = HookCallback()
        var hasJumped = false
        callback.onStepEnd = { run in
          if run.step == 1 { run.state.latents = try run.state.latents * 0.5 }
          if run.step == 2, !hasJumped {
            hasJumped = true
            run.state.guidanceScale = 1
            try run.jumpBack(to: 1, noise: run.initialNoise)
          }
        }
        return [callback]
      })
  }

  @Test("answer other settings with what is nearest")
  func changes() throws {
    var request = smallRequest(steps: 6)
    request.recordsTrace = true
    let result = try Model.tinySD.pipeline().run(request)
    var rehearsal = Rehearsal(try stored(result))
    #expect(rehearsal.pipeline == "sd" && rehearsal.task == .textToImage && rehearsal.isReplay)
    rehearsal.request.inferenceSteps = 3
    rehearsal.request.guidanceScale = 2
    let outcome = try rehearsal.run()
    #expect(outcome.rows == [2, 2, 2])
    #expect(outcome.report.effectiveGuidance == [2, 2, 2])
    #expect(try outcome.latents.firstNonFinite() == nil)
    rehearsal.request.scheduler = "euler"
    #expect(try rehearsal.run().report.scheduler == "EulerDiscreteScheduler")
    rehearsal.request.imagesPerPrompt = 2
    #expect(message { try rehearsal.run() } == "--num-images: 2 images are asked for, the trace has 1")
  }

  @Test("are small: tensors that do not change are there once")
  func size() throws {
    var request = smallRequest(steps: 8)
    request.recordsTrace = true
    let result = try Model.tinySD.pipeline().run(request)
    _ = try stored(result)
    let url = folder.url.appending(path: "trace.safetensors")
    let bytes = try #require(try url.resourceValues(forKeys: [.fileSizeKey]).fileSize)
    let latents = result.latents.count * 4
    // Latents, two predictions and the clean latents of each step, the noise, the first latents, and the embeddings.
    let embeds = 2 * 77 * 32 * 4
    #expect(bytes < latents * (4 * 8 + 2) + embeds + 8192, "\(bytes)")
    #expect(result.trace?.stepCount == 8)
  }
}
