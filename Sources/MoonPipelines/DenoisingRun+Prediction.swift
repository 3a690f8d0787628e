internal import MoonSchedulers
public import MoonTensor

/// Between what the network predicts and the clean latents that it points to, at the step that runs.
extension DenoisingRun {
  /// What the network predicts, by the name in `scheduler_config.json`: `epsilon`, `v_prediction`, `sample` or
  /// `flow_prediction`.
  public var predictionType: String { meaning.name }

  /// The clean latents that a prediction points to.
  ///
  /// - Parameter prediction: `[batch, channels, height, width]`.
  /// - Returns: The clean latents before any clipping by the scheduler, same shape.
  /// - Throws: `PipelineError.badRequest` when the step's latents are not there any more, or not yet; `.badShape`.
  public func clean(from prediction: Tensor) throws -> Tensor {
    try converted(prediction, name: "prediction", meaning.clean)
  }

  /// The prediction that points to clean latents: the inverse of `clean`.
  ///
  /// - Parameter clean: `[batch, channels, height, width]`.
  /// - Returns: What the network would have to predict, same shape.
  /// - Throws: `PipelineError.badRequest` when the step's latents are not there any more, or not yet; `.badShape`.
  public func prediction(pointingTo clean: Tensor) throws -> Tensor {
    try converted(clean, name: "x0", meaning.output)
  }

  /// What `convert` makes of a tensor, the latents that the step starts from, and the shares of clean latents and noise
  /// in these.
  private func converted(
    _ tensor: Tensor, name: String, _ convert: (Tensor, Tensor, Float, Float) throws(TensorError) -> Tensor
  ) throws -> Tensor {
    if step < 0 || isOver || level == step + 1 {
      throw PipelineError.badRequest(
        option: name, detail: "the latents that a prediction belongs to are there in on_step_begin and on_guidance")
    }
    if tensor.shape != latentsShape {
      throw PipelineError.badShape(name: name, found: tensor.shape, wanted: [latentsShape])
    }
    let (signal, spread) = try factors(at: step)
    return try convert(tensor, state.latents, signal, spread)
  }
}
