import MoonPipelines
import MoonTensor
import MoonTestSupport
import Synchronization
import Testing

@Suite("Interrupts") struct InterruptTests {
  /// A flag that is raised from inside a run.
  private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isRaised: Bool { value.load(ordering: .acquiring) }
    func raise() { value.store(true, ordering: .releasing) }
  }

  @Test("by a callback end the run after its step", arguments: 0...4)
  func byCallback(step: Int) throws {
    let plain = try RecordedRun(smallRequest())
    let callback = ClosureCallback { run in if run.step == step { run.interrupt() } }
    let run = try RecordedRun(smallRequest(), callback)
    let count = min(step + 1, 4)
    #expect(run.rows.count == count && run.recorder.latents.count == count)
    expectExact(run.result.latents, plain.recorder.latents[count - 1])
    #expect(run.result.report.isInterrupted == (count < 4), "a run that reached its end was not cut short")
    #expect(run.result.report.timesteps.count == 4 && run.result.report.stepSeconds.count == count)
    #expect(run.result.images.count == 1 && run.recorder.ends == 1)
  }

  @Test("asked for before the first step leave the noise")
  func beforeFirstStep() throws {
    let callback = HookCallback()
    callback.onRunBegin = { $0.interrupt() }
    let run = try RecordedRun(smallRequest(), callback)
    #expect(run.rows == [] && run.result.report.isInterrupted && run.recorder.ends == 1)
    expectExact(run.result.latents, try #require(run.recorder.initial))
  }

  @Test("asked for in the middle of a step let it end")
  func insideStep() throws {
    let plain = try RecordedRun(smallRequest())
    let callback = HookCallback()
    callback.onStepBegin = { run in if run.step == 1 { run.interrupt() } }
    let run = try RecordedRun(smallRequest(), callback)
    #expect(run.rows.count == 2 && run.result.report.isInterrupted)
    expectExact(run.result.latents, plain.recorder.latents[1])
  }

  @Test("are each withdrawn by those who asked for them alone")
  func withdrawal() throws {
    let callback = ClosureCallback { run in
      switch run.step {
      case 0:
        run.state.interruptRequests = [1]
        run.state.interruptRequests.remove(1)
      case 1:
        run.interrupt()
        run.state.interruptRequests.insert(1)
        run.state.interruptRequests.remove(1)
        #expect(run.state.isInterrupted)
      default: Issue.record("the run goes on")
      }
    }
    #expect(try RecordedRun(smallRequest(), callback).rows.count == 2)
  }

  /// Runs with a flag that is raised when the network is called for the third time.
  private func stoppedRun(_ callbacks: any StepCallback...) throws -> (result: GenerationResult, calls: Int) {
    let flag = Flag()
    var calls = 0
    let result = try Model.tinySD.pipeline().run(
      smallRequest(), callbacks: callbacks, shouldStop: { flag.isRaised },
      observe: { _, _ in
        calls += 1
        if calls == 3 { flag.raise() }
      })
    return (result, calls)
  }

  @Test("by the caller in the middle of a step keep the last whole step")
  func byCaller() throws {
    let plain = try RecordedRun(smallRequest())
    let recorder = Recorder()
    let (result, calls) = try stoppedRun(recorder)
    #expect(calls == 3 && recorder.latents.count == 2 && recorder.ends == 1)
    expectExact(result.latents, plain.recorder.latents[1])
    #expect(result.report.isInterrupted && result.report.stepSeconds.count == 2)
    #expect(result.report.effectiveGuidance == [7.5, 7.5])
    #expect(result.images.count == 1 && result.decoded.shape == [1, 3, 16, 24], "the picture so far is decoded")
  }

  @Test("by the caller still let callbacks end in order")
  func ending() throws {
    let callback = HookCallback()
    var sum: Float = 0
    callback.onRunEnd = { run in sum = try run.tensor("latents").sum().item() }
    _ = try stoppedRun(callback)
    #expect(sum != 0)
  }

  @Test("by the caller in a callback keep the step that it belongs to")
  func callbackStopped() throws {
    let flag = Flag()
    let plain = try RecordedRun(smallRequest())
    let callback = ClosureCallback { run in
      if run.step != 1 { return }
      flag.raise()
      // As an operation does that was asked to stop.
      throw TensorError.interrupted
    }
    let result = try Model.tinySD.pipeline().run(
      smallRequest(), callbacks: [callback], shouldStop: { flag.isRaised })
    expectExact(result.latents, plain.recorder.latents[1])
    #expect(result.report.isInterrupted && result.report.stepSeconds.count == 2)
    #expect(result.report.effectiveGuidance.count == 2)
  }

  @Test("by the caller before the run leave the noise")
  func beforeRun() throws {
    let result = try Model.tinySD.pipeline().run(smallRequest(), shouldStop: { true })
    var noise = NoiseSource(seeds: [5])
    expectExact(result.latents, try noise.normal(shape: [1, 4, 4, 6]))
    #expect(result.report.isInterrupted && result.report.stepSeconds == [])
  }

  @Test("that nobody asked for are errors")
  func strayInterruption() throws {
    let callback = ClosureCallback { _ in throw TensorError.interrupted }
    #expect(message { try RecordedRun(smallRequest(), callback) } == "interrupted")
  }
}

@Suite("Runs of one pipeline") struct IndependenceTests {
  private struct Failure: Error, CustomStringConvertible {
    let description = "the callback failed"
  }

  /// A callback that changes all it can, and then ends the run as `ending` says.
  private func destructive(_ ending: String) -> ClosureCallback {
    ClosureCallback { run in
      run.state.guidanceScale = 0
      run.state.guidanceRescale = 0.5
      for name in run.tensorNames { try run.setTensor(run.tensor(name) * -2, for: name) }
      run.warnings.append("changed")
      if run.step == 2 {
        if ending == "error" { throw Failure() }
        if ending == "interrupt" { run.interrupt() }
      }
    }
  }

  @Test("do not know of one another, however the one before ended", arguments: ["success", "error", "interrupt"])
  func restored(ending: String) throws {
    let pipeline = try StableDiffusionPipeline(contentsOf: Model.tinySD.folder)
    let request = smallRequest(scheduler: nil)
    let before = try RecordedRun(request, of: pipeline)
    let changed = message { try RecordedRun(request, of: pipeline, destructive(ending)) }
    #expect(changed == (ending == "error" ? "the callback failed" : nil))
    let after = try RecordedRun(request, of: pipeline)
    expectExact(after.result.latents, before.result.latents)
    expectExact(after.result.decoded, before.result.decoded)
    #expect(after.rows == before.rows && after.result.report.warnings == [])
    #expect(after.result.report.effectiveGuidance == before.result.report.effectiveGuidance)
  }

  @Test("may go side by side")
  func sideBySide() async throws {
    let pipeline = try Model.tinySD.pipeline()
    let wanted = try (0..<4).map { try pipeline.run(smallRequest(seeds: [$0])).latents }
    try await withThrowingTaskGroup(of: (Int, Tensor).self) { group in
      for seed in 0..<4 {
        group.addTask { (seed, try pipeline.run(smallRequest(seeds: [UInt64(seed)])).latents) }
      }
      for try await (seed, latents) in group { expectExact(latents, wanted[seed]) }
    }
  }
}
