internal import MoonSchedulers
internal import MoonTensor

/// Predicts noise without a network: towards a soft picture that embeddings, control pictures and image prompts move,
/// so that what plugins change shows in the latents.
final class StandInPredictor: PredictionSource {
  /// How much of the predicted picture follows the latents themselves, so that it changes from step to step.
  private static let following: Float = 0.2

  private let predictionType: String
  private let picture: Tensor

  /// A predictor of latents `[_, channels, height, width]` of that shape, for a scheduler that wants `predictionType`.
  init(latents shape: [Int], predictionType: String) throws {
    self.predictionType = predictionType
    var source = Generator(seed: 20)
    picture = try source.normal(shape: [1] + shape.dropFirst()) * 0.5
  }

  func callAsFunction(_ run: DenoisingRun, halves: [GuidanceHalf]) throws -> Tensor {
    let sigma = Float(max(run.sigmas[run.step], 1e-3))
    let signal = 1 / (1 + sigma * sigma).squareRoot()
    // What the network sees has the variance of clean latents, whatever the scheduler's own scale is.
    let input = try run.scheduler.scaledModelInput(run.state.latents, at: run.scheduledIndex(run.step))
    let predictions = try halves.map { half in
      let clean = try clean(run, half, input)
      let noise = try (input - clean * signal) * (1 / (sigma * signal))
      switch predictionType {
      case "sample": return clean
      case "v_prediction": return try noise * signal - clean * (sigma * signal)
      default: return noise
      }
    }
    return predictions.count == 1 ? predictions[0] : try Tensor.concatenated(predictions, along: 0)
  }

  /// The clean latents that a half asks for.
  private func clean(_ run: DenoisingRun, _ half: GuidanceHalf, _ input: Tensor) throws -> Tensor {
    let state = run.state
    let bundle = half == .unconditional ? try run.unconditional() : state.conditional
    let (rows, channels) = (run.batchSize, picture.shape[1])
    let embeds = bundle.promptEmbeds
    let width = min(channels, embeds.shape[2])
    // Channel after channel moves by the mean of one number of the tokens.
    var shift = try embeds.narrow(2, start: 0, length: width).mean(along: [1])
    if width < channels {
      shift = try Tensor.concatenated([shift, .zeros([rows, channels - width])], along: 1)
    }
    for (index, embeds) in bundle.imageEmbeds.enumerated() {
      let mean = try embeds.reshaped(to: [rows, -1]).mean(along: [1], keepDimensions: true)
      shift = try shift + mean * Float(state.adapterScales[index])
    }
    for (index, image) in state.controlImages.enumerated() {
      let mean = try image.rows(of: half).reshaped(to: [rows, -1]).mean(along: [1], keepDimensions: true)
      shift = try shift + mean * Float(state.controlScales[index])
    }
    let target = try picture + shift.reshaped(to: [rows, channels, 1, 1])
    return try target * (1 - Self.following) + input.tanh() * Self.following
  }
}
