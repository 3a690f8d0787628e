import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Plan of steps") struct PlanTests {
  /// What is said of a plan, `nil` when it is taken.
  private func complaint(
    _ kind: SchedulerKind, _ settings: [String: ConfigValue] = [:], of plan: StepPlan
  ) throws -> String? {
    do throws(SchedulerError) {
      var configuration = SchedulerConfiguration(kind)
      for (key, value) in settings { try configuration.set(key, to: value) }
      var scheduler = try configuration.makeScheduler()
      try scheduler.plan(plan)
      return nil
    } catch {
      return error.description
    }
  }

  @Test("needs at least one step", arguments: SchedulerKind.allCases, [0, -1, Int.min])
  func noSteps(kind: SchedulerKind, count: Int) throws {
    let message = try #require(try complaint(kind, of: .count(count)))
    #expect(message.hasPrefix("\(kind.className): the number of steps is \(count), wanted 1 to "))
  }

  @Test("has at most the training times as steps, where they are whole", arguments: [SchedulerKind.ddim, .pndm, .ddpm])
  func tooManySteps(kind: SchedulerKind) throws {
    #expect(try complaint(kind, of: .count(1000)) == nil)
    #expect(
      try complaint(kind, of: .count(1001)) == "\(kind.className): the number of steps is 1001, wanted 1 to 1000")
  }

  @Test("may have more steps than training times between them")
  func manySteps() throws {
    #expect(try complaint(.euler, of: .count(1500)) == nil)
    #expect(
      try complaint(.euler, ["timestep_spacing": "leading"], of: .count(1001))
        == "EulerDiscreteScheduler: the number of steps is 1001, wanted 1 to 1000")
    #expect(
      try complaint(.euler, of: .count(.max))
        == "EulerDiscreteScheduler: the number of steps is \(Int.max), wanted 1 to 100000")
  }

  @Test("needs four steps for the Runge-Kutta start of PNDM")
  func rungeKutta() throws {
    #expect(
      try complaint(.pndm, of: .count(3))
        == "PNDMScheduler: the number of steps is 3, wanted at least 4 with the Runge-Kutta start")
    #expect(try complaint(.pndm, ["skip_prk_steps": true], of: .count(1)) == nil)
  }

  @Test("has the asked number of trailing steps where the reference rounds to one more, below zero")
  func trailing() throws {
    // 1000 / 61 rounded: NumPy's row has 62 entries, the last at timestep -1.
    // LCM and DPM-Solver without memory know one spacing only.
    for kind in SchedulerKind.allCases where ![.lcm, .dpmSolver2S, .dpmSolverSinglestep].contains(kind) {
      var configuration = SchedulerConfiguration(kind)
      try configuration.set("timestep_spacing", to: "trailing")
      if kind == .pndm { try configuration.set("skip_prk_steps", to: true) }
      var scheduler = try configuration.makeScheduler()
      try scheduler.setSteps(61)
      let twice: Set<SchedulerKind> = [.heun, .dpm2, .dpm2Ancestral]
      #expect(scheduler.timesteps.count == (kind == .pndm ? 62 : twice.contains(kind) ? 121 : 61))
      #expect(scheduler.timesteps.first == 999)
      #expect(scheduler.timesteps.last == 15)
    }
  }

  @Test("refuses timesteps past the schedule")
  func offset() throws {
    #expect(
      try complaint(.ddim, ["steps_offset": 1], of: .count(1000)) == """
        DDIMScheduler: the number of steps is 1000, wanted one whose timesteps lie in 0...999, not one with 1000.0
        """)
  }

  @Test("refuses a noise network where no signal is left", arguments: [SchedulerKind.ddim, .ddpm, .lcm])
  func zeroSignal(kind: SchedulerKind) throws {
    let settings: [String: ConfigValue] = ["rescale_betas_zero_snr": true, "timestep_spacing": "trailing"]
    #expect(
      try complaint(kind, settings, of: .count(10)) == """
        \(kind.className): prediction_type epsilon is not supported: nothing is left of the picture at timestep 999, \
        where the betas are rescaled to zero signal
        """)
    #expect(try complaint(kind, settings.merging(["prediction_type": "v_prediction"]) { $1 }, of: .count(10)) == nil)
  }

  @Test(
    "refuses two steps at one noise level where the solver divides by their distance",
    arguments: [SchedulerKind.dpmSolver2M, .unipc, .deis, .heun, .lms, .dpm2, .dpm2Ancestral])
  func equalLevels(kind: SchedulerKind) throws {
    let settings: [String: ConfigValue] = ["timestep_spacing": "trailing", "num_train_timesteps": 4]
    let message = try #require(try complaint(kind, settings, of: .count(6)))
    #expect(
      message.hasPrefix(
        """
        \(kind.className): the number of steps is 6, wanted one without two steps at the same noise level
        """))
  }

  @Test("refuses a variance that no Stable Diffusion network predicts, and one that is no number")
  func variances() throws {
    #expect(
      try complaint(.ddpm, ["variance_type": "learned_range"], of: .count(4)) == """
        DDPMScheduler: variance_type learned_range is not supported: the network predicts no variance
        """)
    #expect(
      try complaint(.ddpm, ["variance_type": "fixed_large_log"], of: .count(4)) == """
        DDPMScheduler: variance_type fixed_large_log is not supported: its logarithm has no square root
        """)
  }

  @Test("refuses to predict the noise down to level 0")
  func noiseToZero() throws {
    #expect(
      try complaint(.unipc, ["predict_x0": false], of: .count(4)) == """
        UniPCMultistepScheduler: predict_x0 false is not supported: it needs final_sigmas_type sigma_min
        """)
    #expect(
      try complaint(.dpmSolverSinglestep, ["algorithm_type": "dpmsolver"], of: .count(4)) == """
        DPMSolverSinglestepScheduler: algorithm_type dpmsolver is not supported: it needs final_sigmas_type sigma_min
        """)
  }

  @Test("refuses flow models where they are not followed")
  func flows() throws {
    #expect(
      try complaint(.deis, ["use_flow_sigmas": true], of: .count(4)) == """
        DEISMultistepScheduler: use_flow_sigmas is not supported: flow models are followed by DPM-Solver and UniPC
        """)
    #expect(
      try complaint(.unipc, ["use_flow_sigmas": true, "use_karras_sigmas": true], of: .count(4)) == """
        UniPCMultistepScheduler: use_flow_sigmas is not supported: other noise levels are asked for besides
        """)
  }

  @Test("takes at most the steps that a latent consistency model was distilled at")
  func distilled() throws {
    #expect(try complaint(.lcm, of: .count(50)) == nil)
    #expect(try complaint(.lcm, of: .count(51)) == "LCMScheduler: the number of steps is 51, wanted 1 to 50")
    #expect(
      try complaint(.lcm, ["original_inference_steps": 1001], of: .count(4)) == """
        LCMScheduler: original_inference_steps 1001 is not supported: num_train_timesteps is 1000
        """)
  }

  @Test("of UniPC ends in a step of order 1 where a higher one is no number", arguments: ["bh1", "bh2"])
  func lastStepToZero(basis: String) throws {
    var scheduler = try ToyRun.scheduler(
      .unipc, steps: 4, ["solver_type": .string(basis), "solver_order": 3, "lower_order_final": false])
    var run = ToyRun()
    var latents = try run.noise()
    for step in 0..<4 {
      let result = try ToyRun.step(&scheduler, latents, try run.noise(), step)
      latents = result.latents
      if step == 3 { expectClose(latents, result.predictedOriginal, rtol: 1e-6) }
    }
    #expect(scheduler.sigmas.last == 0)
  }

  @Test("refuses fields that contradict one another")
  func contradictions() throws {
    #expect(
      try complaint(.euler, ["use_karras_sigmas": true, "use_beta_sigmas": true], of: .count(4)) == """
        EulerDiscreteScheduler: only one of use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas can be true
        """)
    #expect(
      try complaint(.dpmSolverMultistep, ["algorithm_type": "dpmsolver"], of: .count(4)) == """
        DPMSolverMultistepScheduler: algorithm_type dpmsolver is not supported: it needs final_sigmas_type sigma_min
        """)
    let third: [String: ConfigValue] = [
      "algorithm_type": "sde-dpmsolver", "final_sigmas_type": "sigma_min", "solver_order": 3,
    ]
    #expect(
      try complaint(.dpmSolverMultistep, third, of: .count(20)) == """
        DPMSolverMultistepScheduler: algorithm_type sde-dpmsolver is not supported: 20 steps need one of order 3
        """)
    #expect(
      try complaint(.dpmSolverMultistep, ["variance_type": "learned"], of: .count(4)) == """
        DPMSolverMultistepScheduler: variance_type learned is not supported: the network predicts no variance
        """)
  }

  @Test("blames for bad betas what gave them last")
  func sourceOfBetas() throws {
    var configuration = try SchedulerConfiguration(
      ["_class_name": "DDIMScheduler", "trained_betas": .null, "beta_start": 0.1], source: "scheduler_config.json")
    let same = configuration
    try configuration.set("beta_start", to: 0.1)
    #expect(configuration == same)
    try configuration.set("beta_end", to: 1, source: "--scheduler-option")
    #expect(throws: SchedulerError.self) { try configuration.makeScheduler() }
    do { _ = try configuration.makeScheduler() } catch {
      #expect("\(error)".hasPrefix("--scheduler-option: the betas give a cumulative alpha of "), "\(error)")
    }
  }

  @Test("refuses betas that are no noise schedule")
  func badBetas() throws {
    #expect(
      try complaint(.ddim, ["trained_betas": [0.1, 0.2]], of: .count(4))
        == "scheduler option: trained_betas is a list of 2 numbers, wanted num_train_timesteps, which is 1000, of them")
    #expect(
      try complaint(.ddim, ["trained_betas": [0.1, 2], "num_train_timesteps": 2], of: .count(1)) == """
        scheduler option: the betas give a cumulative alpha of -0.9 at timestep 1, wanted one between 0 and 1
        """)
  }

  @Test("follows lists of timesteps and of noise levels where the reference does, and checks them")
  func lists() throws {
    #expect(
      try complaint(.ddim, of: .timesteps([999, 500]))
        == "DDIMScheduler: a list of steps is not supported: it takes a number of steps only")
    for kind in [SchedulerKind.heun, .lcm, .ddpm, .dpmSolver2S] {
      #expect(try complaint(kind, of: .timesteps([999, 500, 3])) == nil)
      #expect(
        try complaint(kind, of: .timesteps([500, 999])) == "\(kind.className): timesteps fall, but 999 follows 500")
    }
    for kind in [SchedulerKind.unipc, .deis, .lms, .dpm2] {
      #expect(
        try complaint(kind, of: .timesteps([999, 500]))
          == "\(kind.className): a list of steps is not supported: it takes a number of steps only")
    }
    #expect(
      try complaint(.euler, of: .timesteps([500, 999])) == "EulerDiscreteScheduler: timesteps fall, but 999 follows 500"
    )
    #expect(
      try complaint(.euler, of: .timesteps([1000, 5])) == "EulerDiscreteScheduler: timestep 1000 lies outside 0...999")
    #expect(
      try complaint(.euler, of: .timesteps([])) == "EulerDiscreteScheduler: a list of timesteps has at least one")
    #expect(
      try complaint(.euler, of: .sigmas([3, 3, 0]))
        == "EulerDiscreteScheduler: sigmas fall and stay at 0 or above, but 3.0 follows 3.0")
    #expect(
      try complaint(.euler, of: .sigmas([3]))
        == "EulerDiscreteScheduler: a list of sigmas has at least two, the last for the end")
    #expect(
      try complaint(.euler, ["use_karras_sigmas": true], of: .timesteps([9])) == """
        EulerDiscreteScheduler: a list of timesteps is not supported: the configuration makes its own
        """)
  }
}
