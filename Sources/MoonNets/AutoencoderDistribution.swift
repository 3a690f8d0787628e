package import MoonTensor

/// The normal distribution of latents that an encoder gives for pictures: DiagonalGaussianDistribution of the reference.
/// Proved by `Fixtures/networks`.
package struct AutoencoderDistribution: Sendable {
  /// The most likely latents, `mode()` of the reference: `[batch, latentChannels, height, width]`.
  package let mean: Tensor
  /// The logarithm of the variance, within -30...20; the shape of `mean`.
  package let logVariance: Tensor

  /// The distribution of `Autoencoder.encode`'s moments, `[batch, 2 * latentChannels, height, width]`.
  package init(moments: Tensor) throws(TensorError) {
    guard moments.rank == 4, moments.shape[1].isMultiple(of: 2) else {
      throw .badShape(moments.shape, reason: "moments are [batch, 2 * channels, height, width]")
    }
    let channels = moments.shape[1] / 2
    mean = try moments.narrow(1, start: 0, length: channels)
    logVariance = try moments.narrow(1, start: channels, length: channels).clamped(minimum: -30, maximum: 20)
  }

  /// The square root of the variance.
  package var standardDeviation: Tensor {
    get throws(TensorError) { try (logVariance * 0.5).exp() }
  }

  /// Latents drawn with standard normal `noise` of the shape of `mean`; not yet scaled.
  package func sample(noise: Tensor) throws(TensorError) -> Tensor {
    guard noise.shape == mean.shape else {
      throw .shapeMismatch(operation: "sample", found: noise.shape, wanted: mean.shape)
    }
    return try mean + standardDeviation * noise
  }
}
