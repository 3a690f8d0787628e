import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Recorded scheduler runs") struct RecordedRunTests {
  @Test("follow the reference in every number", arguments: RecordedCase.all)
  func run(recorded: RecordedCase) throws {
    let fixture = try recorded.fixture()
    let name = recorded.name
    var scheduler = try recorded.scheduler()
    #expect(scheduler.className == recorded.config["_class_name"].map { "\($0.value)" }?.dropFirst().dropLast() ?? "")

    let timesteps = try Tensor(scheduler.timesteps.map { Float($0) }, shape: [scheduler.timesteps.count])
    expectClose(
      timesteps, try fixture["\(name)/timesteps"],
      atol: recorded.timestepTolerance + (try lostDigits(fixture, recorded)) / 5e-3, "timesteps")
    try expectSigmas(scheduler, fixture, recorded)
    #expect(relative(scheduler.initialNoiseScale, recorded.initialNoiseScale) <= 1e-6)

    let previous = try fixture["\(name)/prev_samples"]
    let noises = fixture.contains("\(name)/noises") ? try fixture["\(name)/noises"] : nil
    var latents = try Tensor.linearCombination([(recorded.initialNoiseScale, try fixture["noise"])])
    for step in scheduler.timesteps.indices {
      if fixture.contains("\(name)/scaled_inputs") {
        let input = try scheduler.scaledModelInput(latents, at: step)
        expectClose(input, try fixture["\(name)/scaled_inputs"].row(step), rtol: 1e-6, "input of step \(step)")
      }
      var draws = 0
      let drawn = try noises?.row(step)
      let result = try scheduler.step(
        latents, prediction: try fixture["model_outputs"].row(step), at: step, options: recorded.options
      ) { shape throws(TensorError) in
        draws += 1
        return if let drawn { drawn } else { try Tensor(repeating: .nan, shape: shape) }
      }
      #expect(draws == (try isDrawn(drawn) ? 1 : 0), "draws of step \(step)")
      // Rescaled schedules start at 4096 times the noise: what a step takes away of that is rounded there.
      let carried = recorded.isRescaled ? try latents.abs().maximum().item() * 2.4e-7 : 0
      expectClose(
        result.latents, try previous.row(step), atol: carried, rtol: recorded.stepTolerance, "step \(step)")
      if fixture.contains("\(name)/x0") {
        expectClose(
          result.predictedOriginal, try fixture["\(name)/x0"].row(step), rtol: recorded.stepTolerance,
          "x0 of step \(step)")
      }
      // Each step starts at the recorded latents, so that its own error shows alone.
      latents = try previous.row(step)
      if recorded.edits?.contains(step) == true && step + 1 < scheduler.timesteps.count {
        let edited = try Tensor.linearCombination([(1, latents), (1, try fixture["change"])])
        try scheduler.latentsEdited(from: latents, to: edited, after: step)
        latents = edited
      }
    }
  }

  @Test("are there for every scheduler, with edits where it keeps latents")
  func kinds() {
    for kind in SchedulerKind.allCases {
      let cases = RecordedCase.all.filter { $0.config["_class_name"]?.value == .string(kind.className) }
      #expect(cases.count > 30, "\(kind)")
    }
    let edited = Set(RecordedCase.all.filter { $0.edits != nil }.map(\.file))
    #expect(
      edited == [
        "unipc.safetensors", "heun.safetensors", "kdpm2.safetensors", "kdpm2_ancestral.safetensors",
        "dpmsolver_singlestep.safetensors", "lms.safetensors", "deis.safetensors",
      ])
  }

  private func expectSigmas(_ scheduler: any Scheduler, _ fixture: Fixture, _ recorded: RecordedCase) throws {
    #expect(scheduler.sigmas.count == scheduler.timesteps.count + 1)
    guard fixture.contains("\(recorded.name)/sigmas") else { return }
    let wanted = try fixture["\(recorded.name)/sigmas"].floats()
    for (level, reference) in zip(scheduler.sigmas, wanted) {
      let tolerance = try recorded.sigmaTolerance(at: reference) + lostDigits(fixture, recorded)
      #expect(relative(Float(level), reference) <= tolerance)
    }
  }

  /// How far the middle levels of the ancestral KDPM2 are off, relatively: they come from `next^2 - up^2`, a difference
  /// that makes three roundings of the squares `(level / next)^2` times as large; a square root halves that.
  private func lostDigits(_ fixture: Fixture, _ recorded: RecordedCase) throws -> Float {
    guard recorded.config["_class_name"]?.value == .string("KDPM2AncestralDiscreteScheduler") else { return 0 }
    let levels = try fixture["\(recorded.name)/sigmas"].floats()
    let whole = stride(from: 0, to: levels.count, by: 2).map { levels[$0] }.filter { $0 > 0 }
    let ratios = zip(whole, whole.dropFirst()).map { $0 / $1 }
    return (ratios.max().map { $0 * $0 } ?? 0) * 1.8e-7 / 2
  }

  private func isDrawn(_ noise: Tensor?) throws -> Bool { try noise?.floats().contains { $0 != 0 } ?? false }

  private func relative(_ found: Float, _ wanted: Float) -> Float {
    found == wanted ? 0 : abs(found - wanted) / abs(wanted)
  }
}
