/// The schedulers on offer, by the names of the command line.
public enum SchedulerKind: String, Sendable, CaseIterable {
  /// Denoising diffusion implicit models.
  case ddim
  /// Pseudo numerical methods, the scheduler of SD 1.x.
  case pndm
  /// Euler's method in the noise level.
  case euler
  /// Euler's method with fresh noise in each step.
  case eulerAncestral = "euler-a"
  /// DPM-Solver++ of second order with memory.
  case dpmSolver2M = "dpm++2m"
  /// The stochastic form of DPM-Solver++ of second order with memory.
  case dpmSolver2MSDE = "dpm++2m-sde"
  /// Any DPM-Solver with memory, as the configuration says.
  case dpmSolverMultistep = "DPMSolverMultistepScheduler"

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
    case .pndm: "PNDMScheduler"
    case .euler: "EulerDiscreteScheduler"
    case .eulerAncestral: "EulerAncestralDiscreteScheduler"
    case .dpmSolver2M, .dpmSolver2MSDE, .dpmSolverMultistep: "DPMSolverMultistepScheduler"
    }
  }

  /// Fields that the name itself fixes, whatever the model's configuration says.
  var presets: [String: ConfigValue] {
    switch self {
    case .dpmSolver2M: ["algorithm_type": "dpmsolver++", "solver_order": 2]
    case .dpmSolver2MSDE: ["algorithm_type": "sde-dpmsolver++", "solver_order": 2]
    case .ddim, .pndm, .euler, .eulerAncestral, .dpmSolverMultistep: [:]
    }
  }

  /// Fields of the class, with the reference's defaults.
  var fields: [SchedulerField] {
    switch self {
    case .ddim: SchedulerField.ddim
    case .pndm: SchedulerField.pndm
    case .euler: SchedulerField.euler
    case .eulerAncestral: SchedulerField.eulerAncestral
    case .dpmSolver2M, .dpmSolver2MSDE, .dpmSolverMultistep: SchedulerField.dpmSolverMultistep
    }
  }
}
