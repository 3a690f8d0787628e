internal import MoonTensor
internal import MoonWeights

/// What SDXL adds to the time embedding: the pooled text embeddings, and sines and cosines of the sizes and crops of the
/// picture, through two linear layers. The addition `text_time` of the reference; proved by `Fixtures/guide_networks`.
struct TextTimeEmbedding: Sendable {
  private let sizes: TextTimeConfiguration
  private let layers: TimeEmbedding
  private let flipsSineToCosine: Bool
  private let frequencyShift: Double

  /// Takes `linear_1` and `linear_2`.
  init(_ weights: WeightMap, _ sizes: TextTimeConfiguration, of configuration: UNetConfiguration) throws {
    self.sizes = sizes
    flipsSineToCosine = configuration.flipsSineToCosine
    frequencyShift = configuration.frequencyShift
    layers = try TimeEmbedding(
      weights, width: sizes.inputWidth, output: configuration.timeWidth, flipsSineToCosine: flipsSineToCosine,
      frequencyShift: frequencyShift)
  }

  /// The embedding, `[rows, timeWidth]`, of what `conditioning` holds.
  func callAsFunction(_ conditioning: UNetConditioning, rows: Int, network: String) throws -> Tensor {
    guard let pooled = conditioning.addedEmbeds else {
      throw NetworkError.missingInput(network: network, name: "the pooled text embeddings")
    }
    guard let timeIDs = conditioning.timeIDs else {
      throw NetworkError.missingInput(network: network, name: "the time ids")
    }
    guard timeIDs.rank == 2, timeIDs.shape[0] == rows, timeIDs.shape[1] <= sizes.inputWidth / sizes.waveWidth else {
      throw NetworkError.badInput(
        network: "\(network) time ids", found: timeIDs.shape,
        wanted: "[\(rows), at most \(sizes.inputWidth / sizes.waveWidth)]")
    }
    let pooledWidth = sizes.inputWidth - timeIDs.shape[1] * sizes.waveWidth
    guard pooled.shape == [rows, pooledWidth] else {
      throw NetworkError.badInput(
        network: "\(network) pooled text embeddings", found: pooled.shape,
        wanted: "[\(rows), \(pooledWidth)] beside \(timeIDs.shape[1]) time ids")
    }
    let waves = try TimeEmbedding.sinusoids(
      of: timeIDs.floats().map(Double.init), width: sizes.waveWidth, flipsSineToCosine: flipsSineToCosine,
      frequencyShift: frequencyShift)
    let columns = try waves.reshaped(to: [rows, sizes.inputWidth - pooledWidth])
    return try layers.embedded(waves: pooled.concatenatedChannels(with: columns))
  }
}
