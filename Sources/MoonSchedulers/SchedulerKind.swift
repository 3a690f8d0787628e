/// The schedulers on offer, by the names of the command line; each is also known by its class name in diffusers.
///
/// Where the short names of the command line end, those customary elsewhere go on: `dpm2` and `dpm2-a` are the second-order
/// methods of k-diffusion, `dpm++2s` the DPM-Solver++ of second order that takes its two predictions within a step.
public enum SchedulerKind: String, Sendable, CaseIterable {
  /// Denoising diffusion implicit models.
  case ddim
  /// Denoising diffusion probabilistic models: the whole of the noise is fresh in each step.
  case ddpm
  /// Pseudo numerical methods, the scheduler of SD 1.x.
  case pndm
  /// A linear multistep method over the last four predictions.
  case lms
  /// Euler's method in the noise level.
  case euler
  /// Euler's method with fresh noise in each step.
  case eulerAncestral = "euler-a"
  /// Heun's method: two predictions a step, at both ends.
  case heun
  /// DPM-Solver++ of second order with memory.
  case dpmSolver2M = "dpm++2m"
  /// The stochastic form of DPM-Solver++ of second order with memory.
  case dpmSolver2MSDE = "dpm++2m-sde"
  /// A predictor and corrector of orders 1 to 3.
  case unipc
  /// The sampler of latent consistency models: a jump to clean latents and back up to the next level in each step.
  case lcm
  /// DPM-Solver-2 in the noise level: two predictions a step, the second in the middle.
  case dpm2
  /// DPM-Solver-2 in the noise level with fresh noise in each step.
  case dpm2Ancestral = "dpm2-a"
  /// DPM-Solver++ of second order with two predictions a step.
  case dpmSolver2S = "dpm++2s"
  /// Exponential integrator over the last predictions of the noise.
  case deis
  /// Any DPM-Solver with memory, as the configuration says.
  case dpmSolverMultistep = "DPMSolverMultistepScheduler"
  /// Any DPM-Solver without memory, as the configuration says.
  case dpmSolverSinglestep = "DPMSolverSinglestepScheduler"

  /// Finds a scheduler by its name on the command line or by its class name in diffusers.
  ///
  /// - Parameter name: For example `euler-a` or `EulerAncestralDiscreteScheduler`.
  /// - Throws: `SchedulerError.unknownScheduler`, which lists the names.
  public init(_ name: String) throws(SchedulerError) {
    if let kind = Self(rawValue: name) ?? Self.allCases.first(where: { $0.className == name }) {
      self = kind
      return
    }
    let names = Self.allCases.map(\.rawValue)
    let classNames = Self.allCases.map(\.className)
    let nearest = NearestName.of(name, among: names + classNames)
    throw .unknownScheduler(name: name, names: names + classNames.filter { !names.contains($0) }, nearest: nearest)
  }

  /// The name of the class in diffusers; `_class_name` in `scheduler_config.json`.
  public var className: String {
    switch self {
    case .ddim: "DDIMScheduler"
    case .ddpm: "DDPMScheduler"
    case .pndm: "PNDMScheduler"
    case .lms: "LMSDiscreteScheduler"
    case .euler: "EulerDiscreteScheduler"
    case .eulerAncestral: "EulerAncestralDiscreteScheduler"
    case .heun: "HeunDiscreteScheduler"
    case .dpmSolver2M, .dpmSolver2MSDE, .dpmSolverMultistep: "DPMSolverMultistepScheduler"
    case .unipc: "UniPCMultistepScheduler"
    case .lcm: "LCMScheduler"
    case .dpm2: "KDPM2DiscreteScheduler"
    case .dpm2Ancestral: "KDPM2AncestralDiscreteScheduler"
    case .dpmSolver2S, .dpmSolverSinglestep: "DPMSolverSinglestepScheduler"
    case .deis: "DEISMultistepScheduler"
    }
  }

  /// Fields that the name itself fixes, whatever the model's configuration says.
  var presets: [String: ConfigValue] {
    switch self {
    case .dpmSolver2M, .dpmSolver2S: ["algorithm_type": "dpmsolver++", "solver_order": 2]
    case .dpmSolver2MSDE: ["algorithm_type": "sde-dpmsolver++", "solver_order": 2]
    default: [:]
    }
  }

  /// Fields of the class, with the reference's defaults.
  var fields: [SchedulerField] {
    switch self {
    case .ddim: SchedulerField.ddim
    case .ddpm: SchedulerField.ddpm
    case .pndm: SchedulerField.pndm
    case .lms: SchedulerField.lms
    case .euler: SchedulerField.euler
    case .eulerAncestral: SchedulerField.eulerAncestral
    case .heun: SchedulerField.heun
    case .dpmSolver2M, .dpmSolver2MSDE, .dpmSolverMultistep: SchedulerField.dpmSolverMultistep
    case .unipc: SchedulerField.unipc
    case .lcm: SchedulerField.lcm
    case .dpm2, .dpm2Ancestral: SchedulerField.kdpm2
    case .dpmSolver2S, .dpmSolverSinglestep: SchedulerField.dpmSolverSinglestep
    case .deis: SchedulerField.deis
    }
  }
}
