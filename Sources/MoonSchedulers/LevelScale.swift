internal import Foundation
import MoonTensor

/// What a noise level says about latents that are a share of the clean ones and a share of noise.
///
/// In float32, in the order of the reference's operations: differences of neighbouring levels lose digits, and the lost
/// ones are part of the reference's numbers.
struct LevelScale: Sendable {
  /// Shares of the clean latents and of the noise.
  typealias Parts = (alpha: Float, sigma: Float)

  /// Whether levels lie on the straight line from clean latents to noise.
  let isFlow: Bool

  init(_ configuration: SchedulerConfiguration) { isFlow = configuration.bool("use_flow_sigmas") }

  /// Share of the clean latents and of the noise in latents at a level.
  func parts(of level: Float) -> Parts {
    if isFlow { return (1 - level, level) }
    let alpha = 1 / (level * level + 1).squareRoot()
    return (alpha, level * alpha)
  }

  /// Half the logarithm of the signal-to-noise ratio.
  func lambda(of level: Float) -> Float {
    let (alpha, sigma) = parts(of: level)
    return log(alpha) - log(sigma)
  }

  /// Clean latents with noise added to a level.
  func addedNoise(to clean: Tensor, noise: Tensor, level: Float) throws(SchedulerError) -> Tensor {
    let (alpha, sigma) = parts(of: level)
    return try onTensors { () throws(TensorError) in
      try Tensor.linearCombination([(alpha, clean), (sigma, noise)])
    }
  }
}

/// What a solver makes of the network's output: the clean latents or the noise, whichever it integrates.
struct SolverOutput: Sendable {
  private let prediction: PredictionType
  private let limit: CleanLimit?
  private let scale: LevelScale
  private let predictsClean: Bool

  /// Outputs of a configuration; `limitsNoise` says whether the noise follows the limits of the clean latents.
  init(_ configuration: SchedulerConfiguration, predictsClean: Bool, limitsNoise: Bool = true) {
    prediction = PredictionType(configuration)
    limit = predictsClean || limitsNoise ? CleanLimit(configuration) : nil
    scale = LevelScale(configuration)
    self.predictsClean = predictsClean
  }

  /// The predicted clean latents, and what the solver integrates.
  func converted(
    _ latents: Tensor, _ output: Tensor, level: Float
  ) throws(SchedulerError) -> (clean: Tensor, integrated: Tensor) {
    let (alpha, sigma) = scale.parts(of: level)
    var clean = try prediction.clean(alpha: alpha, sigma: prediction == .flow ? level : sigma).sum(latents, output)
    if let limit { clean = try limit.applied(to: clean) }
    if predictsClean { return (clean, clean) }
    if limit != nil {
      return (clean, try PredictionType.sample.noise(alpha: alpha, sigma: sigma).sum(latents, clean))
    }
    return (clean, try prediction.noise(alpha: alpha, sigma: sigma).sum(latents, output))
  }
}
