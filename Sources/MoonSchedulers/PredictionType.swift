import MoonTensor

/// What the network's output says about latents `alpha * clean + sigma * noise`.
enum PredictionType: String, Sendable {
  /// The noise.
  case epsilon
  /// The clean latents.
  case sample
  /// `alpha * noise - sigma * clean`: arXiv 2202.00512.
  case velocity = "v_prediction"
  /// `noise - clean` on the straight line between the two.
  case flow = "flow_prediction"

  /// The type that a configuration names.
  init(_ configuration: SchedulerConfiguration) {
    guard let type = PredictionType(rawValue: configuration.text("prediction_type")) else {
      preconditionFailure("every prediction_type of the field tables has a case")
    }
    self = type
  }

  /// Weights of the latents and of the network's output in a sum.
  struct Weights: Sendable {
    var latents: Float
    var output: Float

    /// The sum.
    func sum(_ latents: Tensor, _ output: Tensor) throws(SchedulerError) -> Tensor {
      if self.latents == 0 && self.output == 1 { return output }
      return try onTensors { () throws(TensorError) in
        try Tensor.linearCombination([(self.latents, latents), (self.output, output)])
      }
    }
  }

  /// The clean latents as a sum.
  func clean(alpha: Float, sigma: Float) -> Weights {
    switch self {
    case .epsilon: Weights(latents: 1 / alpha, output: -sigma / alpha)
    case .sample: Weights(latents: 0, output: 1)
    case .velocity: Weights(latents: alpha, output: -sigma)
    case .flow: Weights(latents: 1, output: -sigma)
    }
  }

  /// The noise as a sum.
  func noise(alpha: Float, sigma: Float) -> Weights {
    switch self {
    case .epsilon: Weights(latents: 0, output: 1)
    case .sample: Weights(latents: 1 / sigma, output: -alpha / sigma)
    case .velocity: Weights(latents: sigma, output: alpha)
    case .flow: Weights(latents: 1, output: alpha)
    }
  }
}
