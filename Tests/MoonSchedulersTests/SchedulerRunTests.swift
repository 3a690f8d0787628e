import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

/// Latents, noise and a network made up for tests.
struct ToyRun {
  static let shape = [2, 4, 3, 5]
  static let model: [String: ConfigValue] = [
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1,
    "skip_prk_steps": true, "set_alpha_to_one": false, "clip_sample": false, "timestep_spacing": "leading",
  ]
  var generator = Generator(seed: 7)

  static func scheduler(_ kind: SchedulerKind, steps: Int, _ changes: [String: ConfigValue] = [:]) throws
    -> any Scheduler
  {
    var scheduler = try SchedulerConfiguration(model.merging(changes) { $1 }, kind: kind).makeScheduler()
    try scheduler.setSteps(steps)
    return scheduler
  }

  mutating func noise() throws -> Tensor { try generator.normal(shape: Self.shape) }

  /// One step without options; noise is that of seed 1.
  static func step(
    _ scheduler: inout any Scheduler, _ latents: Tensor, _ output: Tensor, _ step: Int
  ) throws -> SchedulerStep {
    var generator = Generator(seed: 1)
    return try scheduler.step(latents, prediction: output, at: step) { shape throws(TensorError) in
      try generator.normal(shape: shape)
    }
  }
}

@Suite("Scheduler") struct SchedulerRunTests {
  @Test("finds the clean latents again that noise was added to", arguments: SchedulerKind.allCases)
  func addedNoise(kind: SchedulerKind) throws {
    var run = ToyRun()
    let clean = try run.noise()
    let noise = try run.noise()
    for step in 0..<10 {
      var scheduler = try ToyRun.scheduler(kind, steps: 10)
      let noisy = try scheduler.addedNoise(to: clean, noise: noise, at: step)
      let result = try ToyRun.step(&scheduler, noisy, noise, step)
      // The highest level is 14.6: the sum rounds to 1e-6 of its largest value, and is divided by 1/14.6.
      expectClose(result.predictedOriginal, clean, rtol: 2e-5, "step \(step)")
    }
  }

  @Test("ends at the clean latents when the network always knows them", arguments: SchedulerKind.allCases)
  func perfectNetwork(kind: SchedulerKind) throws {
    var run = ToyRun()
    let clean = try run.noise()
    var scheduler = try ToyRun.scheduler(kind, steps: 20, ["set_alpha_to_one": true])
    var latents = try Tensor.linearCombination([(scheduler.initialNoiseScale, try run.noise())])
    for step in scheduler.timesteps.indices {
      let sigma = Float(scheduler.sigma(at: step))
      // Latents are clean + sigma * noise in some schedulers; divided by sqrt(1 + sigma^2) in the others.
      let isScaled = [.euler, .eulerAncestral, .heun, .lms, .dpm2, .dpm2Ancestral].contains(kind)
      let scale = isScaled ? 1 : (1 + sigma * sigma).squareRoot()
      let output = try Tensor.linearCombination([(scale / sigma, latents), (-1 / sigma, clean)])
      latents = try ToyRun.step(&scheduler, latents, output, step).latents
    }
    if kind == .deis {
      // It ends at the lowest training level, 0.029: that share of noise is left.
      #expect(abs((scheduler.sigmas.last ?? 0) - 0.029167) < 1e-6)
      expectClose(latents, clean, atol: 0.15)
    } else {
      expectClose(latents, clean, rtol: 1e-5)  // the last step returns the prediction, rounded as above
    }
  }

  @Test("gives each step a noise level, and the one it ends at", arguments: SchedulerKind.allCases)
  func sigmas(kind: SchedulerKind) throws {
    let scheduler = try ToyRun.scheduler(kind, steps: 10)
    #expect(scheduler.inferenceStepCount == 10)
    #expect(scheduler.sigmas.count == scheduler.timesteps.count + 1)
    // The middle of an ancestral step of KDPM2 is the next level, but for the digits that a difference of squares loses.
    let slack = kind == .dpm2Ancestral ? 1 - 1e-3 : 1
    #expect(zip(scheduler.sigmas, scheduler.sigmas.dropFirst()).allSatisfy { $0 >= $1 * slack })
    #expect(scheduler.sigma(after: 3) == scheduler.sigma(at: 4))
    #expect(scheduler.sigma(at: 99) == 0)
  }

  @Test("has the same noise level at the same timestep, whatever the solver")
  func equalSigmas() throws {
    let euler = try ToyRun.scheduler(.euler, steps: 10)
    let ddim = try ToyRun.scheduler(.ddim, steps: 10)
    #expect(ddim.timesteps == euler.timesteps)
    for (left, right) in zip(euler.sigmas.dropLast(), ddim.sigmas) { #expect(abs(left / right - 1) < 1e-6) }
    #expect(euler.sigmas.last == 0)
    // Without `set_alpha_to_one` DDIM ends at the lowest training time: sqrt(0.00085 / 0.99915).
    #expect(abs((ddim.sigmas.last ?? 0) - 0.029167) < 1e-6)
    let toOne = try ToyRun.scheduler(.ddim, steps: 10, ["set_alpha_to_one": true])
    #expect(toOne.sigmas.last == 0)
  }

  @Test("draws noise of the prediction's shape where the reference draws")
  func draws() throws {
    var run = ToyRun()
    let latents = try run.noise()
    let output = try run.noise()
    // Four steps: LCM draws between them, the ancestral DPM2 at the end of each but the last, the others in each.
    let drawing: [SchedulerKind: Int] = [
      .eulerAncestral: 4, .dpmSolver2MSDE: 4, .ddpm: 4, .lcm: 3, .dpm2Ancestral: 3,
    ]
    for kind in SchedulerKind.allCases {
      var scheduler = try ToyRun.scheduler(kind, steps: 4)
      var shapes: [[Int]] = []
      for step in scheduler.timesteps.indices {
        _ = try scheduler.step(latents, prediction: output, at: step) { shape throws(TensorError) in
          shapes.append(shape)
          return try Tensor(repeating: 0, shape: shape)
        }
      }
      #expect(shapes == Array(repeating: ToyRun.shape, count: drawing[kind] ?? 0), "\(kind)")
    }
  }

  @Test("starts afresh when its steps are planned again", arguments: SchedulerKind.allCases)
  func replanning(kind: SchedulerKind) throws {
    var run = ToyRun()
    let latents = try run.noise()
    let outputs = try (0..<9).map { _ in try run.noise() }
    var scheduler = try ToyRun.scheduler(kind, steps: 5)
    func wholeRun() throws -> Tensor {
      var current = latents
      for step in scheduler.timesteps.indices {
        current = try ToyRun.step(&scheduler, current, outputs[step], step).latents
      }
      return current
    }
    let first = try wholeRun()
    try scheduler.setSteps(5)
    expectExact(try wholeRun(), first)
  }

  @Test("takes a run up again at an earlier step as if it started there", arguments: SchedulerKind.allCases)
  func jumpingBack(kind: SchedulerKind) throws {
    var run = ToyRun()
    let latents = try run.noise()
    let output = try run.noise()
    var fresh = try ToyRun.scheduler(kind, steps: 10)
    var used = fresh
    for step in 0..<6 { _ = try ToyRun.step(&used, latents, try run.noise(), step) }
    if kind == .pndm {
      // A first step of PNDM is one of DDIM; PNDM takes its second timestep twice.
      fresh = try ToyRun.scheduler(.ddim, steps: 10)
      let wanted = try ToyRun.step(&fresh, latents, output, 2)
      expectClose(try ToyRun.step(&used, latents, output, 3).latents, wanted.latents, rtol: 1e-6)
    } else {
      let wanted = try ToyRun.step(&fresh, latents, output, 3)
      expectExact(try ToyRun.step(&used, latents, output, 3).latents, wanted.latents)
    }
  }

  @Test("begins with plain steps where PNDM's start of several predictions does not fit")
  func beginningLate() throws {
    var run = ToyRun()
    let latents = try run.noise()
    let output = try run.noise()
    var ddim = try ToyRun.scheduler(.ddim, steps: 10)
    var late = try ToyRun.scheduler(.pndm, steps: 10, ["skip_prk_steps": false])
    #expect(late.timesteps[14] == ddim.timesteps[5])
    let wanted = try ToyRun.step(&ddim, latents, output, 5)
    expectClose(try ToyRun.step(&late, latents, output, 14).latents, wanted.latents, rtol: 1e-6)
    // Stages 1 and 2 of the start stand at one timestep: the first of them leaves the latents there.
    late.restart()
    expectExact(try ToyRun.step(&late, latents, output, 1).latents, latents)
    var again = try ToyRun.scheduler(.pndm, steps: 10)
    for step in 0..<5 { _ = try ToyRun.step(&again, latents, output, step) }
    expectExact(try ToyRun.step(&again, latents, output, 1).latents, latents)
  }

  @Test("asks the network twice in each step but the last", arguments: [SchedulerKind.heun, .dpm2, .dpm2Ancestral])
  func twoStages(kind: SchedulerKind) throws {
    let scheduler = try ToyRun.scheduler(kind, steps: 6)
    #expect(scheduler.inferenceStepCount == 6)
    #expect(scheduler.timesteps.count == 11)
    let euler = try ToyRun.scheduler(.euler, steps: 6)
    #expect(stride(from: 0, to: 11, by: 2).map { scheduler.sigmas[$0] } == Array(euler.sigmas.dropLast()))
    #expect(scheduler.sigmas.last == 0)
  }

  @Test("leaves latents at their level when a run begins at the second prediction of a step of Heun")
  func secondStage() throws {
    var run = ToyRun()
    let latents = try run.noise()
    let output = try run.noise()
    var heun = try ToyRun.scheduler(.heun, steps: 6)
    expectExact(try ToyRun.step(&heun, latents, output, 3).latents, latents)
    // DPM2's second prediction stands in the middle: a step of Euler leads to the end.
    var dpm2 = try ToyRun.scheduler(.dpm2, steps: 6)
    let width = Float(dpm2.sigma(after: 3) - dpm2.sigma(at: 3))
    let wanted = try Tensor.linearCombination([(1, latents), (width, output)])
    expectClose(try ToyRun.step(&dpm2, latents, output, 3).latents, wanted, rtol: 1e-6)
  }

  @Test("refuses a step that is not one of the run", arguments: SchedulerKind.allCases)
  func unknownStep(kind: SchedulerKind) throws {
    let latents = try Tensor(repeating: 0, shape: [1, 4, 2, 2])
    var scheduler = try ToyRun.scheduler(kind, steps: 4)
    let count = scheduler.timesteps.count
    for step in [-1, count, Int.max] {
      let wanted = "step \(step) is not scheduled: the run has \(count) steps, counted from 0"
      var errors: [SchedulerError] = []
      do throws(SchedulerError) { _ = try scheduler.scaledModelInput(latents, at: step) } catch { errors.append(error) }
      do throws(SchedulerError) {
        _ = try scheduler.addedNoise(to: latents, noise: latents, at: step)
      } catch { errors.append(error) }
      do throws(SchedulerError) {
        _ = try scheduler.step(latents, prediction: latents, at: step) { _ throws(TensorError) in latents }
      } catch { errors.append(error) }
      #expect(errors.map(\.description) == [wanted, wanted, wanted])
    }
    var unplanned = try SchedulerConfiguration(kind).makeScheduler()
    #expect(throws: SchedulerError.stepNotScheduled(step: 0, count: 0)) {
      _ = try ToyRun.step(&unplanned, latents, latents, 0)
    }
  }

  @Test("tells of shapes that differ", arguments: SchedulerKind.allCases)
  func shapeMismatch(kind: SchedulerKind) throws {
    let latents = try Tensor(repeating: 0, shape: [1, 4, 2, 2])
    let output = try Tensor(repeating: 0, shape: [2, 4, 2, 2])
    var scheduler = try ToyRun.scheduler(kind, steps: 4)
    let error = #expect(throws: SchedulerError.self) { _ = try ToyRun.step(&scheduler, latents, output, 0) }
    #expect(error?.description == "linear combination: the shape is [2, 4, 2, 2], wanted [1, 4, 2, 2]")
  }
}
