package import MoonTensor
package import MoonWeights

/// What a vision encoder makes of pictures in one run through its layers.
package struct CLIPVisionStates: Sendable {
  /// The final state of the class token, normed and projected: `image_embeds` of the reference, `[images, projectionWidth]`.
  package let embeddings: Tensor
  /// The states before the last layer: `hidden_states[-2]` of the reference, `[images, positions, width]`.
  package let penultimate: Tensor
}

/// The encoder of IP-Adapter's pictures: CLIPVisionModelWithProjection of the reference. Proved by
/// `Fixtures/clip_networks` layer by layer.
package struct CLIPVisionEncoder: Sendable {
  /// The sizes it was made with.
  package let configuration: CLIPVisionConfiguration
  /// The memory that its mapped weights take; given back, it comes again with the next call.
  package let pages: WeightPages
  private let patchEmbedding: ConvolutionLayer
  private let classEmbedding: Tensor
  private let positionEmbedding: Tensor
  private let firstNorm: LayerNorm
  private let layers: [CLIPLayer]
  private let finalNorm: LayerNorm
  private let projection: LinearLayer

  /// Takes all weights, with or without the prefix `vision_model.`, and refuses keys that are left over; the text half of
  /// a whole CLIP model is passed over.
  ///
  /// - Throws: `WeightsError`, naming the missing, misshapen or unused key.
  package init(_ configuration: CLIPVisionConfiguration, weights: WeightMap) throws {
    self.configuration = configuration
    pages = WeightPages(of: weights)
    let prefix = "vision_model."
    let model = weights.keys.contains { $0.hasPrefix(prefix) } ? weights.scoped(prefix) : weights
    let embeddings = model.scoped("embeddings.")
    let (width, patch) = (configuration.width, configuration.patchSize)
    patchEmbedding = try ConvolutionLayer(
      weight: try embeddings.take("patch_embedding.weight", shape: [width, configuration.channels, patch, patch]),
      bias: nil, stride: patch, padding: Padding(0))
    classEmbedding = try embeddings.take("class_embedding", shape: [width])
    positionEmbedding = try embeddings.take(
      "position_embedding.weight", shape: [configuration.positions, width])
    // The published files spell it so.
    firstNorm = try LayerNorm(model.scoped("pre_layrnorm."), width: width, epsilon: configuration.epsilon)
    layers = try CLIPLayer.all(
      model, count: configuration.layers,
      CLIPLayerSizes(
        width: width, feedForwardWidth: configuration.feedForwardWidth, heads: configuration.heads,
        activation: configuration.activation, epsilon: configuration.epsilon, isCausal: false))
    finalNorm = try LayerNorm(model.scoped("post_layernorm."), width: width, epsilon: configuration.epsilon)
    projection = try weights.linear("visual_projection", width, configuration.projectionWidth, hasBias: false)
    try weights.finish(
      ignoring: ["*embeddings.position_ids", "text_model.*", "text_projection.weight", "logit_scale"])
  }

  /// Encodes pictures.
  ///
  /// - Parameters:
  ///   - pixels: `[images, channels, imageSize, imageSize]`, resized, cropped and normalised as `preprocessor_config.json`
  ///     says.
  ///   - observe: Called with the number of layers that ran and their output, from 0 for the normed embeddings: the hidden
  ///     states of the reference.
  /// - Returns: The image embeddings and the states before the last layer.
  /// - Throws: `NetworkError.badInput`, `TensorError`.
  package func callAsFunction(_ pixels: Tensor, observe: ((Int, Tensor) -> Void)? = nil) throws -> CLIPVisionStates {
    var hidden = try firstNorm(embedded(pixels))
    var penultimate = hidden
    observe?(0, hidden)
    for (index, layer) in layers.enumerated() {
      penultimate = hidden
      hidden = try layer(hidden)
      observe?(index + 1, hidden)
    }
    let pooled = try finalNorm(hidden.select(1, at: 0))
    return CLIPVisionStates(embeddings: try projection(pooled), penultimate: penultimate)
  }

  /// The class token and the patches, with their positions: `[images, positions, width]`.
  private func embedded(_ pixels: Tensor) throws -> Tensor {
    let (channels, size) = (configuration.channels, configuration.imageSize)
    guard pixels.rank == 4, pixels.shape[0] > 0, Array(pixels.shape.dropFirst()) == [channels, size, size] else {
      throw NetworkError.badInput(
        network: "vision encoder", found: pixels.shape, wanted: "[images, \(channels), \(size), \(size)]")
    }
    let (images, width) = (pixels.shape[0], configuration.width)
    let patches = try patchEmbedding(pixels.channelsLast()).reshaped(
      to: [images, configuration.positions - 1, width])
    let classes = try classEmbedding.reshaped(to: [1, 1, width]).expanded(to: [images, 1, width])
    return try Tensor.concatenated([classes, patches], along: 1) + positionEmbedding
  }
}
