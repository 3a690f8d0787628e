/// The fields of the schedulers with several predictions a step, or with memory, as diffusers 0.42.1 declares them.
extension SchedulerField {
  private static let threePredictions = ["epsilon", "sample", "v_prediction"]
  private static let fourPredictions = ["epsilon", "sample", "v_prediction", "flow_prediction"]
  private static let stableBetas: DefaultBetas = (0.00085, 0.012, "linear")
  private static let positive = Kind.number(0...Double.greatestFiniteMagnitude)

  private static let clipping: [SchedulerField] = [
    SchedulerField("clip_sample", .boolean, false),
    SchedulerField("clip_sample_range", positive, 1),
  ]

  private static let flow: [SchedulerField] = [
    SchedulerField("use_flow_sigmas", .boolean, false),
    SchedulerField("flow_shift", positive, 1),
  ]

  static let ddpm: [SchedulerField] =
    common(predictions: threePredictions, spacing: "leading") + thresholding + [
      SchedulerField("clip_sample", .boolean, true),
      SchedulerField("clip_sample_range", positive, 1),
      SchedulerField("variance_type", varianceTypes, "fixed_small"),
      SchedulerField("rescale_betas_zero_snr", .boolean, false),
    ]

  static let lcm: [SchedulerField] =
    common(
      predictions: threePredictions, spacing: "leading", betas: (stableBetas.start, stableBetas.end, "scaled_linear"))
    + thresholding + clipping + [
      SchedulerField("original_inference_steps", .integer(1...NoiseSchedule.maximumSteps), 50),
      SchedulerField("timestep_scaling", positive, 10),
      SchedulerField("set_alpha_to_one", .boolean, true),
      SchedulerField("rescale_betas_zero_snr", .boolean, false),
    ]

  static let lms: [SchedulerField] =
    common(predictions: threePredictions, aliases: ["original_sample": "sample"], spacing: "linspace") + sigmaForms

  static let heun: [SchedulerField] =
    common(
      predictions: threePredictions, aliases: ["original_sample": "sample"], spacing: "linspace", betas: stableBetas)
    + sigmaForms + clipping

  static let kdpm2: [SchedulerField] =
    common(predictions: ["epsilon", "v_prediction"], spacing: "linspace", betas: stableBetas) + sigmaForms

  static let unipc: [SchedulerField] =
    common(predictions: fourPredictions, spacing: "linspace") + thresholding + sigmaForms + flow + dynamicShifting + [
      SchedulerField("solver_order", .integer(1...3), 2),
      SchedulerField("predict_x0", .boolean, true),
      SchedulerField(
        "solver_type", .choice(["bh1", "bh2"], aliases: ["midpoint": "bh2", "heun": "bh2", "logrho": "bh2"]), "bh2"),
      SchedulerField("lower_order_final", .boolean, true),
      SchedulerField("disable_corrector", .indices, .list([])),
      SchedulerField("solver_p", .nothing, nil),
      finalSigmas,
      SchedulerField("sigma_min", positive, nil),
      SchedulerField("sigma_max", positive, nil),
      SchedulerField("shift_terminal", .nothing, nil),
      SchedulerField("rescale_betas_zero_snr", .boolean, false),
    ]

  static let deis: [SchedulerField] =
    common(predictions: fourPredictions, spacing: "linspace") + thresholding + sigmaForms + flow + dynamicShifting + [
      SchedulerField("solver_order", .integer(1...3), 2),
      SchedulerField(
        "algorithm_type", .choice(["deis"], aliases: ["dpmsolver": "deis", "dpmsolver++": "deis"]), "deis"),
      SchedulerField(
        "solver_type",
        .choice(
          ["logrho"], aliases: ["midpoint": "logrho", "heun": "logrho", "bh1": "logrho", "bh2": "logrho"]), "logrho"),
      SchedulerField("lower_order_final", .boolean, true),
    ]

  static let dpmSolverSinglestep: [SchedulerField] =
    schedule(predictions: fourPredictions) + thresholding + sigmaForms + flow + dynamicShifting + [
      SchedulerField("solver_order", .integer(1...3), 2),
      SchedulerField(
        "algorithm_type",
        .choice(["dpmsolver", "dpmsolver++", "sde-dpmsolver++"], aliases: ["deis": "dpmsolver++"]), "dpmsolver++"),
      SchedulerField(
        "solver_type",
        .choice(["midpoint", "heun"], aliases: ["logrho": "midpoint", "bh1": "midpoint", "bh2": "midpoint"]),
        "midpoint"),
      SchedulerField("lower_order_final", .boolean, false),
      finalSigmas,
      SchedulerField("lambda_min_clipped", .number(-Double.infinity...Double.infinity), .number(-.infinity)),
      SchedulerField("variance_type", varianceTypes, nil),
    ]
}
