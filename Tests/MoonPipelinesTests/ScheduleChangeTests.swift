import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Jump back in the schedule") struct JumpBackTests {
  /// Steps in the order in which they ran, with the latents that each began with.
  private final class Order {
    var steps: [Int] = []
    var begins: [Tensor] = []
    var ends: [Tensor] = []
  }

  /// A run of `count` steps that jumps once from the end of step `from` to step `to`.
  private func run(_ kind: SchedulerKind, from: Int, to: Int, noise: Tensor) throws -> (Order, GenerationResult) {
    let order = Order()
    let callback = HookCallback()
    callback.onStepBegin = { run in
      order.steps.append(run.step)
      order.begins.append(run.state.latents)
    }
    callback.onStepEnd = { run in
      order.ends.append(run.state.latents)
      if run.step == from, order.steps.filter({ $0 == from }).count == 1 { try run.jumpBack(to: to, noise: noise) }
    }
    let run = try RecordedRun(smallRequest(steps: 5, scheduler: kind), callback)
    return (order, run.result)
  }

  private func noise() throws -> Tensor {
    var generator = Generator(seed: 3)
    return try generator.normal(shape: [1, 4, 4, 6])
  }

  @Test("raises the latents to the earlier noise level", arguments: SchedulerKind.allCases)
  func level(kind: SchedulerKind) throws {
    let noise = try noise()
    let (order, result) = try run(kind, from: 3, to: 1, noise: noise)
    #expect(order.steps == [0, 1, 2, 3, 1, 2, 3] + Array(4..<kind.entries(5)))
    #expect(result.report.effectiveGuidance.count == order.steps.count)
    #expect(result.report.stepSeconds.count == order.steps.count)
    #expect(!result.report.isInterrupted)
    var sigmas: [Double] = []
    let look = HookCallback()
    look.onRunBegin = { sigmas = $0.sigmas }
    _ = try RecordedRun(smallRequest(steps: 5, scheduler: kind), look)
    // Latents are `clean + sigma * noise`, in the schedulers that preserve the variance divided by sqrt(1 + sigma^2).
    let isScaled = !kind.addsNoise
    func scale(_ sigma: Double) -> Double { isScaled ? 1 / (1 + sigma * sigma).squareRoot() : 1 }
    let (from, to) = (sigmas[4], sigmas[1])
    let ratio = scale(to) / scale(from)
    let missing = (to * to - from * from).squareRoot() * scale(to)
    let wanted = try order.ends[3] * Float(ratio) + noise * Float(missing)
    expectClose(order.begins[4], wanted, rtol: 1e-5)  // float32 factors
  }

  @Test("starts from the last step, too") func last() throws {
    let (order, result) = try run(.euler, from: 4, to: 4, noise: noise())
    #expect(order.steps == [0, 1, 2, 3, 4, 4])
    #expect(result.report.isInterrupted == false)
  }

  @Test("is refused for steps that have not run, and beyond four times the steps") func limits() throws {
    let noise = try noise()
    var messages: [String?] = []
    let callback = HookCallback()
    callback.onRunBegin = { run in messages.append(message { try run.jumpBack(to: 0, noise: noise) }) }
    callback.onStepEnd = { run in
      if run.step == 1 && run.stepsTaken == 2 {
        messages.append(message { try run.jumpBack(to: 2, noise: noise) })
        messages.append(message { try run.jumpBack(to: -1, noise: noise) })
        messages.append(message { try run.jumpBack(to: 0, noise: Tensor.zeros([1])) })
      }
      if run.step == 3 {
        messages.append(message { try run.jumpBack(to: 0, noise: noise) })
      }
    }
    callback.onRunEnd = { run in messages.append(message { try run.jumpBack(to: 0, noise: noise) }) }
    let run = try RecordedRun(smallRequest(), callback)
    #expect(
      messages == [
        "no step is running", "step: 2 is outside 0..1, the steps that have run",
        "step: -1 is outside 0..1, the steps that have run", "'noise' has shape [1], wanted [1, 4, 4, 6]",
        nil, nil, nil, "step: the run would take 20 steps, the limit is 16", "no step is running",
      ])
    #expect(run.result.report.effectiveGuidance.count == 16)
  }

  @Test("does not happen when the run ends there") func interrupted() throws {
    let noise = try noise()
    let callback = HookCallback()
    callback.onStepEnd = { run in
      if run.step == 1 {
        try run.jumpBack(to: 0, noise: noise)
        run.interrupt()
      }
    }
    let plain = HookCallback()
    plain.onStepEnd = { run in if run.step == 1 { run.interrupt() } }
    expectExact(
      try RecordedRun(smallRequest(), callback).result.latents, try RecordedRun(smallRequest(), plain).result.latents)
  }
}

@Suite("Plan of the steps to come") struct FutureSigmasTests {
  @Test("may be replaced before the first step") func atStart() throws {
    var wanted: [Double] = []
    let look = HookCallback()
    look.onRunBegin = { wanted = $0.sigmas }
    var karras = smallRequest(steps: 6, scheduler: .euler)
    karras.schedulerOptions = [("use_karras_sigmas", "true")]
    let reference = try RecordedRun(karras, look)
    let callback = HookCallback()
    callback.onRunBegin = { try $0.setFutureSigmas(wanted) }
    let run = try RecordedRun(smallRequest(steps: 4, scheduler: .euler), callback)
    #expect(run.result.report.timesteps.count == 6)
    // Float32 rounding of the levels on their way, over six steps.
    expectClose(run.result.latents, reference.result.latents, rtol: 1e-4)
  }

  @Test("may be replaced between steps, and keeps what has run", arguments: [true, false]) func midway(atEnd: Bool)
    throws
  {
    var (before, after): ([Double], [Double]) = ([], [])
    let callback = HookCallback()
    func change(_ run: DenoisingRun) throws {
      before = run.sigmas
      try run.setFutureSigmas([before[2], before[2] / 2, before[2] / 4, before[2] / 8, 0])
      after = run.sigmas
    }
    callback.onStepEnd = { if atEnd && $0.step == 1 && $0.timestepCount == 4 { try change($0) } }
    callback.onStepBegin = { if !atEnd && $0.step == 2 && $0.timestepCount == 4 { try change($0) } }
    let run = try RecordedRun(smallRequest(scheduler: .euler), callback)
    #expect(Array(after[..<3]) == Array(before[..<3]))
    #expect(after.count == 7)
    #expect(abs(after[3] - before[2] / 2) < 1e-6)
    #expect(run.result.report.effectiveGuidance.count == 6)
    #expect(run.result.report.timesteps.count == 6)
    #expect(run.inputs.count == 6)
  }

  @Test("counts the steps that a jump runs once more") func jumpBeforePlan() throws {
    var found: [String?] = []
    let callback = HookCallback()
    callback.onStepEnd = { run in
      if run.step != 1 || !found.isEmpty { return }
      let now = run.sigmas[run.step + 1]
      try run.jumpBack(to: 0, noise: Tensor.zeros(run.state.latents.shape))
      for count in [13, 12] {
        let levels = (0...count).map { now * (1 - Double($0) / Double(count)) }
        found.append(message { try run.setFutureSigmas(levels) })
      }
    }
    let run = try RecordedRun(smallRequest(scheduler: .euler), callback)
    #expect(found == ["sigmas: the run would take 17 steps, the limit is 16", nil])
    #expect(run.inputs.count == 16)
  }

  @Test("is refused where it makes no sense") func refused() throws {
    var messages: [String?] = []
    let callback = HookCallback()
    callback.onGuidance = { run, _ in
      if run.step == 0 { messages.append(message { try run.setFutureSigmas([1, 0]) }) }
      return nil
    }
    callback.onStepEnd = { run in
      let now = run.sigmas[run.step + 1]
      if run.step == 0 {
        for list in [[], [now], [now, now], [now, -1], [now, .nan], [now * 2, 0]] as [[Double]] {
          messages.append(message { try run.setFutureSigmas(list) })
        }
        messages.append(message { try run.setFutureSigmas((0...16).map { now * (1 - Double($0) / 16) }) })
      }
      if run.step == 3 { messages.append(message { try run.setFutureSigmas([1, 0]) }) }
    }
    let plain = try RecordedRun(smallRequest(scheduler: .euler))
    let run = try RecordedRun(smallRequest(scheduler: .euler), callback)
    expectExact(run.result.latents, plain.result.latents)
    try #require(messages.count == 9)
    #expect(messages.allSatisfy { $0 != nil }, "\(messages)")
    #expect(messages[0] == "the schedule cannot change while a step is computed")
    #expect(messages[6]?.hasPrefix("sigmas: the first is ") == true)
    #expect(messages[7] == "sigmas: the run would take 17 steps, the limit is 16")
    #expect(messages[8] == "no step is to come")
    var other: String?
    callback.onGuidance = { _, _ in nil }
    callback.onStepEnd = { _ in }
    callback.onRunBegin = { run in other = message { try run.setFutureSigmas([10, 1, 0]) } }
    _ = try RecordedRun(smallRequest(scheduler: .ddim), callback)
    #expect(other?.contains("a list of steps") == true, "\(other ?? "")")
  }
}
