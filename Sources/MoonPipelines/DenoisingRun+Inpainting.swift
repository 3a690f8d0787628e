internal import MoonSchedulers
internal import MoonTensor

extension DenoisingRun {
  /// The latents after a step with what stays of the picture put back at their noise level, where the model does not do
  /// that by itself.
  ///
  /// - Source: arXiv 2201.09865, equation 8, with the noise of the run's start instead of fresh noise, as in the
  ///   reference; `Fixtures/traces`.
  func withImageKept(_ latents: Tensor) throws -> Tensor {
    guard blendsImage, let shared = state.mask, let imageLatents else { return latents }
    let mask = shared.rows(of: state.guides ? .unconditional : .conditional)
    let isLast = step + 1 >= timestepCount
    let kept =
      isLast
      ? imageLatents : try scheduler.addedNoise(to: imageLatents, noise: initialNoise, at: scheduledIndex(step + 1))
    return try (1 - mask) * kept + mask * latents
  }
}
