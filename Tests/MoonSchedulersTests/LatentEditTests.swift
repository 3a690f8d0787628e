import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Edited latents") struct LatentEditTests {
  /// Outputs of the network, one a step, whatever the latents are.
  private let outputs: [Tensor]
  private let start: Tensor
  private let change: Tensor

  init() throws {
    var run = ToyRun()
    start = try run.noise()
    outputs = try (0..<24).map { _ in try run.noise() }
    // Changed in one element of six, as by a mask.
    let values = try run.noise().floats().enumerated().map { $0.offset % 6 == 0 ? $0.element : 0 }
    change = try Tensor(values, shape: ToyRun.shape)
  }

  /// Latents after `count` steps; `edit` is added after step `edited`, and told when `isTold`.
  private func run(
    _ kind: SchedulerKind, _ settings: [String: ConfigValue] = [:], count: Int, edited: Int? = nil, isTold: Bool = true
  ) throws -> Tensor {
    var scheduler = try ToyRun.scheduler(kind, steps: 10, settings)
    var latents = start
    for step in 0..<count {
      latents = try ToyRun.step(&scheduler, latents, outputs[step], step).latents
      if step == edited {
        let new = try Tensor.linearCombination([(1, latents), (1, change)])
        if isTold { try scheduler.latentsEdited(from: latents, to: new, after: step) }
        latents = new
      }
    }
    return latents
  }

  private func difference(_ left: Tensor, _ right: Tensor) throws -> Tensor {
    try Tensor.linearCombination([(1, left), (-1, right)])
  }

  @Test("of the first PNDM step are kept by the second, which computes it again")
  func multistepStart() throws {
    let plain = try run(.pndm, count: 2)
    let edited = try run(.pndm, count: 2, edited: 0)
    // The step is linear in the latents, with the same weight both times: the whole change is there after it.
    expectClose(try difference(edited, plain), change, atol: 1e-6)
    let ignored = try run(.pndm, count: 2, edited: 0, isTold: false)
    expectExact(ignored, plain)
  }

  @Test("of the first PNDM step are kept with a velocity network too")
  func velocityStart() throws {
    let settings: [String: ConfigValue] = ["prediction_type": "v_prediction"]
    let change = try difference(
      try run(.pndm, settings, count: 2, edited: 0), try run(.pndm, settings, count: 2))
    expectClose(change, self.change, atol: 1e-6)
  }

  @Test("inside a Runge-Kutta step of PNDM are kept to its end", arguments: [0, 1, 2, 4, 5, 6])
  func rungeKutta(step: Int) throws {
    let settings: [String: ConfigValue] = ["skip_prk_steps": false]
    let end = step / 4 * 4 + 4
    // Stages end at half or at the whole of the step: the change grows with the share of the clean latents, 1 / alpha.
    let scheduler = try ToyRun.scheduler(.pndm, steps: 10, settings)
    func share(_ index: Int) -> Float {
      Float(1 / (1 + scheduler.sigmas[index] * scheduler.sigmas[index]).squareRoot())
    }
    let growth = share(end) / share(step + 1)
    let found = try difference(
      try run(.pndm, settings, count: end, edited: step), try run(.pndm, settings, count: end))
    expectClose(found, try Tensor.linearCombination([(growth, change)]), atol: 2e-6)
  }

  @Test("move the next step of every scheduler by what they were changed", arguments: SchedulerKind.allCases)
  func carriedOn(kind: SchedulerKind) throws {
    let plain = try run(kind, count: 6)
    let edited = try run(kind, count: 6, edited: 4)
    let moved = try difference(edited, plain).floats()
    let changed = try change.floats()
    for (found, wanted) in zip(moved, changed) where wanted == 0 { #expect(found == 0) }
    #expect(zip(moved, changed).allSatisfy { $1 == 0 || abs($0) > 0.1 * abs($1) })
  }

  @Test("that are told but equal change nothing", arguments: SchedulerKind.allCases)
  func noEdit(kind: SchedulerKind) throws {
    var scheduler = try ToyRun.scheduler(kind, steps: 10)
    var latents = start
    for step in 0..<10 {
      latents = try ToyRun.step(&scheduler, latents, outputs[step], step).latents
      try scheduler.latentsEdited(from: latents, to: latents, after: step)
    }
    expectExact(latents, try run(kind, count: 10))
  }
}
