/// The fields of each scheduler, as the constructors of diffusers 0.42.1 declare them.
extension SchedulerField {
  static let ddim: [SchedulerField] =
    common(predictions: ["epsilon", "sample", "v_prediction"], spacing: "leading") + thresholding + [
      SchedulerField("clip_sample", .boolean, true),
      SchedulerField("clip_sample_range", .number(0...Double.greatestFiniteMagnitude), 1),
      SchedulerField("set_alpha_to_one", .boolean, true),
      SchedulerField("rescale_betas_zero_snr", .boolean, false),
    ]

  static let pndm: [SchedulerField] =
    common(predictions: ["epsilon", "v_prediction"], spacing: "leading") + [
      SchedulerField("skip_prk_steps", .boolean, false),
      SchedulerField("set_alpha_to_one", .boolean, false),
    ]

  static let euler: [SchedulerField] =
    common(
      predictions: ["epsilon", "sample", "v_prediction"], aliases: ["original_sample": "sample"], spacing: "linspace")
    + sigmaForms + [
      SchedulerField("interpolation_type", .choice(["linear", "log_linear"]), "linear"),
      SchedulerField("sigma_min", .number(0...Double.greatestFiniteMagnitude), nil),
      SchedulerField("sigma_max", .number(0...Double.greatestFiniteMagnitude), nil),
      SchedulerField("timestep_type", .choice(["discrete", "continuous"]), "discrete"),
      SchedulerField("rescale_betas_zero_snr", .boolean, false),
      finalSigmas,
    ]

  static let eulerAncestral: [SchedulerField] =
    common(predictions: ["epsilon", "v_prediction"], spacing: "linspace") + [
      SchedulerField("rescale_betas_zero_snr", .boolean, false)
    ]

  static let dpmSolverMultistep: [SchedulerField] =
    common(predictions: ["epsilon", "sample", "v_prediction", "flow_prediction"], spacing: "linspace")
    + thresholding + sigmaForms + [
      SchedulerField("solver_order", .integer(1...3), 2),
      SchedulerField(
        "algorithm_type",
        .choice(
          ["dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++"], aliases: ["deis": "dpmsolver++"]),
        "dpmsolver++"),
      SchedulerField(
        "solver_type",
        .choice(["midpoint", "heun"], aliases: ["logrho": "midpoint", "bh1": "midpoint", "bh2": "midpoint"]),
        "midpoint"),
      SchedulerField("lower_order_final", .boolean, true),
      SchedulerField("euler_at_final", .boolean, false),
      SchedulerField("use_lu_lambdas", .boolean, false),
      SchedulerField("use_flow_sigmas", .boolean, false),
      SchedulerField("flow_shift", .number(0...Double.greatestFiniteMagnitude), 1),
      finalSigmas,
      SchedulerField("lambda_min_clipped", .number(-Double.infinity...Double.infinity), .number(-.infinity)),
      SchedulerField("variance_type", varianceTypes, nil),
      SchedulerField("rescale_betas_zero_snr", .boolean, false),
    ] + dynamicShifting

  /// Names that only related schedulers of the reference have; they are dropped in silence, as the reference does.
  static let ofRelatedSchedulersOnly: Set<String> = ["noise_sampler_seed", "rho", "sigma_data", "sigma_schedule"]

  /// Names found in files of old releases that change nothing in any release that reads them.
  static let withoutEffect: Set<String> = ["num_inference_steps", "quantization_config", "tensor_format"]

  static let thresholding: [SchedulerField] = [
    SchedulerField("thresholding", .boolean, false),
    SchedulerField("dynamic_thresholding_ratio", .number(0...1), 0.995),
    SchedulerField("sample_max_value", .number(0...Double.greatestFiniteMagnitude), 1),
  ]

  static let sigmaForms: [SchedulerField] = [
    SchedulerField("use_karras_sigmas", .boolean, false),
    SchedulerField("use_exponential_sigmas", .boolean, false),
    SchedulerField("use_beta_sigmas", .boolean, false),
  ]

  static let varianceTypes = Kind.choice([
    "fixed_large", "fixed_large_log", "fixed_small", "fixed_small_log", "learned", "learned_range",
  ])

  /// Shifting needs an argument that no Stable Diffusion pipeline passes, so these two change nothing.
  static let dynamicShifting: [SchedulerField] = [
    SchedulerField("use_dynamic_shifting", .boolean, false),
    SchedulerField("time_shift_type", .choice(["exponential"]), "exponential"),
  ]

  static let finalSigmas = SchedulerField("final_sigmas_type", .choice(["zero", "sigma_min"]), "zero")

  /// The betas that a class begins with: first, last, and how they rise.
  typealias DefaultBetas = (start: ConfigValue, end: ConfigValue, schedule: ConfigValue)

  static func common(
    predictions: [String], aliases: [String: String] = [:], spacing: String,
    betas: DefaultBetas = (0.0001, 0.02, "linear")
  ) -> [SchedulerField] {
    schedule(predictions: predictions, aliases: aliases, betas: betas) + [
      SchedulerField("timestep_spacing", .choice(["leading", "linspace", "trailing"]), .string(spacing)),
      SchedulerField("steps_offset", .integer(-NoiseSchedule.maximumSteps...NoiseSchedule.maximumSteps), 0),
    ]
  }

  static func schedule(
    predictions: [String], aliases: [String: String] = [:], betas: DefaultBetas = (0.0001, 0.02, "linear")
  ) -> [SchedulerField] {
    [
      SchedulerField("num_train_timesteps", .integer(1...NoiseSchedule.maximumSteps), 1000),
      SchedulerField("beta_start", .number(0...1), betas.start),
      SchedulerField("beta_end", .number(0...1), betas.end),
      SchedulerField("beta_schedule", .choice(["linear", "scaled_linear", "squaredcos_cap_v2"]), betas.schedule),
      SchedulerField("trained_betas", .numbers, nil),
      SchedulerField("prediction_type", .choice(predictions, aliases: aliases), "epsilon"),
    ]
  }
}
