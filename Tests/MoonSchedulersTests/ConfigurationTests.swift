import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Scheduler configuration") struct ConfigurationTests {
  /// `scheduler_config.json` of SD 1.5, as published.
  private let published: [String: ConfigValue] = [
    "_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true,
    "steps_offset": 1, "trained_betas": nil, "clip_sample": false,
  ]

  private func complaint(_ body: () throws(SchedulerError) -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return error.description
    }
  }

  @Test("names schedulers as the command line and as diffusers do")
  func names() throws {
    #expect(try SchedulerKind("ddim") == .ddim)
    #expect(try SchedulerKind("pndm") == .pndm)
    #expect(try SchedulerKind("euler") == .euler)
    #expect(try SchedulerKind("euler-a") == .eulerAncestral)
    #expect(try SchedulerKind("dpm++2m") == .dpmSolver2M)
    #expect(try SchedulerKind("dpm++2m-sde") == .dpmSolver2MSDE)
    #expect(try SchedulerKind("EulerAncestralDiscreteScheduler") == .eulerAncestral)
    #expect(try SchedulerKind("DPMSolverMultistepScheduler") == .dpmSolverMultistep)
    #expect(try SchedulerKind("DPMSolverSinglestepScheduler") == .dpmSolverSinglestep)
    #expect(try SchedulerKind("KDPM2AncestralDiscreteScheduler") == .dpm2Ancestral)
    for name in ["ddpm", "lms", "heun", "unipc", "lcm", "dpm2", "dpm2-a", "dpm++2s", "deis"] {
      #expect(try SchedulerKind(name).rawValue == name)
    }
    #expect(
      complaint { () throws(SchedulerError) in _ = try SchedulerKind("euler_a") } == """
        there is no scheduler 'euler_a' (did you mean 'euler-a'?); there are ddim, ddpm, pndm, lms, euler, euler-a, \
        heun, dpm++2m, dpm++2m-sde, unipc, lcm, dpm2, dpm2-a, dpm++2s, deis, DPMSolverMultistepScheduler, \
        DPMSolverSinglestepScheduler, DDIMScheduler, DDPMScheduler, PNDMScheduler, LMSDiscreteScheduler, \
        EulerDiscreteScheduler, EulerAncestralDiscreteScheduler, HeunDiscreteScheduler, UniPCMultistepScheduler, \
        LCMScheduler, KDPM2DiscreteScheduler, KDPM2AncestralDiscreteScheduler, DEISMultistepScheduler
        """)
  }

  @Test("reads the model's own scheduler")
  func own() throws {
    let configuration = try SchedulerConfiguration(published)
    #expect(configuration.kind == .pndm)
    #expect(configuration["skip_prk_steps"] == true)
    #expect(configuration["beta_start"] == 0.00085)
    #expect(configuration["timestep_spacing"] == "leading")
    #expect(configuration["clip_sample"] == nil)
  }

  @Test("carries over what another scheduler knows, and drops the rest")
  func other() throws {
    var file = published
    file["made_up"] = 3
    file["solver_p"] = nil
    let configuration = try SchedulerConfiguration(file, kind: .euler)
    #expect(configuration.kind == .euler)
    #expect(configuration["steps_offset"] == 1)
    #expect(configuration["timestep_spacing"] == "linspace")
    #expect(configuration["skip_prk_steps"] == nil)
    #expect(configuration["made_up"] == nil)
  }

  @Test("fixes algorithm and order by the short names of DPM-Solver, whatever the file says")
  func presets() throws {
    let file: [String: ConfigValue] = [
      "_class_name": "DPMSolverMultistepScheduler", "solver_order": 3, "algorithm_type": "sde-dpmsolver++",
    ]
    let plain = try SchedulerConfiguration(file)
    #expect(plain["solver_order"] == 3)
    #expect(plain["algorithm_type"] == "sde-dpmsolver++")
    var named = try SchedulerConfiguration(file, kind: .dpmSolver2M)
    #expect(named["solver_order"] == 2)
    #expect(named["algorithm_type"] == "dpmsolver++")
    try named.set("solver_order", text: "3")
    #expect(named["solver_order"] == 3)
    let stochastic = try SchedulerConfiguration(file, kind: .dpmSolver2MSDE)
    #expect(stochastic["algorithm_type"] == "sde-dpmsolver++")
    #expect(stochastic["solver_order"] == 2)
    let single = try SchedulerConfiguration(file, kind: .dpmSolver2S)
    #expect(single["algorithm_type"] == "dpmsolver++")
    #expect(single["solver_order"] == 2)
  }

  @Test("takes UniPC's lists and refuses what it does not follow")
  func unipc() throws {
    let file: [String: ConfigValue] = [
      "_class_name": "UniPCMultistepScheduler", "disable_corrector": [], "solver_p": nil, "solver_type": "midpoint",
      "shift_terminal": nil,
    ]
    var configuration = try SchedulerConfiguration(file)
    #expect(configuration["solver_type"] == "bh2")
    #expect(configuration["disable_corrector"] == .list([]))
    try configuration.set("disable_corrector", text: "0, 2")
    #expect(configuration["disable_corrector"] == [0, 2])
    try configuration.set("disable_corrector", text: "")
    #expect(configuration["disable_corrector"] == .list([]))
    #expect(
      complaint { () throws(SchedulerError) in try configuration.set("disable_corrector", text: "1,-1") }
        == "scheduler option: disable_corrector is [1, -1], wanted a list of whole numbers of at least 0")
    #expect(
      complaint { () throws(SchedulerError) in try configuration.set("shift_terminal", to: 0.1) }
        == "scheduler option: shift_terminal is 0.1, wanted null")
    #expect(
      complaint { () throws(SchedulerError) in try configuration.set("solver_p", text: "x") }
        == "scheduler option: solver_p is \"x\", wanted null")
  }

  @Test("reads spellings of related schedulers as the reference does")
  func aliases() throws {
    let file: [String: ConfigValue] = [
      "_class_name": "DEISMultistepScheduler", "algorithm_type": "deis", "solver_type": "logrho",
      "lambda_min_clipped": .number(-.infinity), "variance_type": "fixed_small",
    ]
    let configuration = try SchedulerConfiguration(file, kind: .dpmSolverMultistep)
    #expect(configuration["algorithm_type"] == "dpmsolver++")
    #expect(configuration["solver_type"] == "midpoint")
    let euler = try SchedulerConfiguration(
      ["_class_name": "EulerDiscreteScheduler", "prediction_type": "original_sample"])
    #expect(euler["prediction_type"] == "sample")
  }

  @Test("leaves out what a file lists as defaults of another class")
  func usedDefaults() throws {
    let file = published.merging(["timestep_spacing": "leading", "_use_default_values": ["timestep_spacing"]]) { $1 }
    #expect(try SchedulerConfiguration(file, kind: .euler)["timestep_spacing"] == "linspace")
  }

  @Test("refuses an unknown field of the model's own scheduler")
  func unknownField() {
    var file = published
    file["beta_strat"] = 0.001
    #expect(
      complaint { () throws(SchedulerError) in _ = try SchedulerConfiguration(file, source: "m/scheduler_config.json") }
        == """
        m/scheduler_config.json: PNDMScheduler has no field 'beta_strat' (did you mean 'beta_start'?); it has beta_end, \
        beta_schedule, beta_start, num_train_timesteps, prediction_type, set_alpha_to_one, skip_prk_steps, \
        steps_offset, timestep_spacing, trained_betas
        """)
  }

  @Test("refuses a class that is not on offer, and a file without one")
  func unknownClass() {
    let wanted = """
      wanted one of DDIMScheduler, DDPMScheduler, PNDMScheduler, LMSDiscreteScheduler, EulerDiscreteScheduler, \
      EulerAncestralDiscreteScheduler, HeunDiscreteScheduler, UniPCMultistepScheduler, LCMScheduler, \
      KDPM2DiscreteScheduler, KDPM2AncestralDiscreteScheduler, DEISMultistepScheduler, DPMSolverMultistepScheduler, \
      DPMSolverSinglestepScheduler
      """
    #expect(
      complaint { () throws(SchedulerError) in _ = try SchedulerConfiguration(["_class_name": "FlowScheduler"]) }
        == "scheduler_config.json: _class_name is \"FlowScheduler\", \(wanted)")
    #expect(
      complaint { () throws(SchedulerError) in _ = try SchedulerConfiguration([:]) }
        == "scheduler_config.json: _class_name is missing, \(wanted)")
    #expect(
      complaint { () throws(SchedulerError) in _ = try SchedulerConfiguration(["_class_name": 3]) }
        == "scheduler_config.json: _class_name is 3, wanted a text")
  }

  @Test(
    "refuses values of the wrong type or range",
    arguments: [
      ("beta_schedule", "cosine", "\"cosine\", wanted one of linear, scaled_linear, squaredcos_cap_v2"),
      ("beta_start", "high", "\"high\", wanted a number between 0.0 and 1.0"),
      ("beta_start", -1, "-1, wanted a number between 0.0 and 1.0"),
      ("num_train_timesteps", 0, "0, wanted a whole number between 1 and 100000"),
      ("num_train_timesteps", 10.5, "10.5, wanted a whole number between 1 and 100000"),
      ("skip_prk_steps", "yes", "\"yes\", wanted true or false"),
      ("skip_prk_steps", nil, "null, wanted true or false"),
      ("trained_betas", [0.1, "x"], "[0.1, \"x\"], wanted a list of numbers, or null"),
      ("prediction_type", "sample", "\"sample\", wanted one of epsilon, v_prediction"),
    ] as [(String, ConfigValue, String)])
  func badValues(key: String, value: ConfigValue, message: String) {
    var file = published
    file[key] = value
    #expect(
      complaint { () throws(SchedulerError) in _ = try SchedulerConfiguration(file) }
        == "scheduler_config.json: \(key) is \(message)")
  }

  @Test("reads options from text by the type of their field")
  func optionText() throws {
    var configuration = SchedulerConfiguration(.euler)
    try configuration.set("use_karras_sigmas", text: "true")
    try configuration.set("sigma_max", text: "9.5")
    try configuration.set("timestep_spacing", text: "trailing")
    try configuration.set("trained_betas", text: "0.1, 0.2,0.3")
    #expect(configuration["use_karras_sigmas"] == true)
    #expect(configuration["sigma_max"] == 9.5)
    #expect(configuration["timestep_spacing"] == "trailing")
    #expect(configuration["trained_betas"] == [0.1, 0.2, 0.3])
    try configuration.set("sigma_max", text: "null")
    #expect(configuration["sigma_max"] == ConfigValue.null)
    var solver = SchedulerConfiguration(.dpmSolver2M)
    try solver.set("lambda_min_clipped", text: "-inf")
    #expect(solver["lambda_min_clipped"] == .number(-.infinity))
  }

  @Test("refuses options with the place they come from")
  func badOptions() {
    var configuration = SchedulerConfiguration(.dpmSolver2M)
    #expect(
      complaint { () throws(SchedulerError) in
        try configuration.set("use_karras_sigmas", text: "1", source: "--scheduler-option")
      } == "--scheduler-option: use_karras_sigmas is \"1\", wanted true or false")
    #expect(
      complaint { () throws(SchedulerError) in
        try configuration.set("solver_order", text: "4", source: "--scheduler-option")
      } == "--scheduler-option: solver_order is 4, wanted a whole number between 1 and 3")
    #expect(
      complaint { () throws(SchedulerError) in
        try configuration.set("solver_oder", to: 2, source: "--scheduler-option")
      }?.hasPrefix(
        "--scheduler-option: DPMSolverMultistepScheduler has no field 'solver_oder' (did you mean 'solver_order'?); it has"
      ) == true)
  }

  @Test("repairs old Stable Diffusion files")
  func correction() throws {
    var old = published
    old["steps_offset"] = 0
    var configuration = try SchedulerConfiguration(old)
    #expect(configuration.correctForStableDiffusion() == ["steps_offset"])
    #expect(configuration["steps_offset"] == 1)
    var ddim = SchedulerConfiguration(.ddim)
    #expect(ddim.correctForStableDiffusion() == ["clip_sample", "steps_offset"])
    #expect(ddim["clip_sample"] == false)
    var mending = SchedulerConfiguration(.pndm)
    #expect(mending.correctForStableDiffusion(isInpainting: true) == ["skip_prk_steps", "steps_offset"])
    #expect(mending["skip_prk_steps"] == true)
    var right = try SchedulerConfiguration(published)
    #expect(right.correctForStableDiffusion().isEmpty)
  }
}
