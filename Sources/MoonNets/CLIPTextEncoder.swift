package import MoonTensor
package import MoonWeights

/// Sizes of a CLIP text encoder, from its `config.json`.
package struct CLIPTextConfiguration: Sendable, Equatable {
  package var width: Int
  package var feedForwardWidth: Int
  package var layers: Int
  package var heads: Int
  package var positions: Int
  package var vocabularySize: Int
  package var activation: Activation
  package var epsilon: Float

  /// Reads a configuration; absent keys have the reference's defaults.
  package init(_ config: ConfigFile) throws {
    width = try config.int("hidden_size", default: 512)
    feedForwardWidth = try config.int("intermediate_size", default: 2048)
    layers = try config.int("num_hidden_layers", default: 12)
    heads = try config.int("num_attention_heads", default: 8)
    positions = try config.int("max_position_embeddings", default: 77)
    vocabularySize = try config.int("vocab_size", default: 49408)
    epsilon = Float(try config.double("layer_norm_eps", default: 1e-5))
    let name = try config.string("hidden_act", default: "quick_gelu")
    switch name {
    case "quick_gelu": activation = .quickGELU
    case "gelu": activation = .gelu
    case "gelu_new", "gelu_pytorch_tanh": activation = .geluTanh
    default:
      throw NetworkError.unsupported(
        file: config.name, key: "hidden_act", found: "\"\(name)\"",
        detail: "\"quick_gelu\", \"gelu\" and \"gelu_new\" are")
    }
    try config.expectFalse("use_attention_mask")
    let sizes = [width, feedForwardWidth, layers, heads, positions, vocabularySize]
    func refuse(_ detail: String) -> NetworkError { .inconsistent(file: config.name, detail: detail) }
    if sizes.contains(where: { $0 < 1 || $0 > 1 << 24 }) { throw refuse("a size is outside 1..\(1 << 24)") }
    if width % heads != 0 { throw refuse("a width of \(width) does not divide into \(heads) heads") }
  }
}

/// One layer of the text encoder: causal attention and a feed-forward part, each behind a norm.
private struct CLIPEncoderLayer: Sendable {
  let attentionNorm: LayerNorm
  let query: LinearLayer
  let key: LinearLayer
  let value: LinearLayer
  let output: LinearLayer
  let feedForwardNorm: LayerNorm
  let widening: LinearLayer
  let narrowing: LinearLayer
  let heads: Int
  let activation: Activation

  init(_ weights: WeightMap, _ configuration: CLIPTextConfiguration) throws {
    let width = configuration.width
    attentionNorm = try LayerNorm(weights.scoped("layer_norm1."), width: width, epsilon: configuration.epsilon)
    query = try weights.linear("self_attn.q_proj", width, width)
    key = try weights.linear("self_attn.k_proj", width, width)
    value = try weights.linear("self_attn.v_proj", width, width)
    output = try weights.linear("self_attn.out_proj", width, width)
    feedForwardNorm = try LayerNorm(weights.scoped("layer_norm2."), width: width, epsilon: configuration.epsilon)
    widening = try weights.linear("mlp.fc1", width, configuration.feedForwardWidth)
    narrowing = try weights.linear("mlp.fc2", configuration.feedForwardWidth, width)
    heads = configuration.heads
    activation = configuration.activation
  }

  func callAsFunction(_ input: Tensor) throws(TensorError) -> Tensor {
    let normalized = try attentionNorm(input)
    let mixed = try query(normalized).attention(
      keys: key(normalized), values: value(normalized), heads: heads, isCausal: true)
    let hidden = try output(mixed, adding: input)
    return try narrowing(widening(feedForwardNorm(hidden), activation: activation), adding: hidden)
  }
}

/// The text encoder of SD 1.x and 2.x: CLIPTextModel of the reference. Proved by `Fixtures/layers` layer by layer.
package struct CLIPTextEncoder: Sendable {
  /// The sizes it was made with.
  package let configuration: CLIPTextConfiguration
  /// The memory that its mapped weights take; given back, it comes again with the next call.
  package let pages: WeightPages
  private let tokenEmbedding: Tensor
  private let positionEmbedding: Tensor
  private let layers: [CLIPEncoderLayer]
  private let finalNorm: LayerNorm

  /// Takes all weights, with or without the prefix `text_model.`, and refuses keys that are left over.
  ///
  /// - Throws: `WeightsError`, naming the missing, misshapen or unused key.
  package init(_ configuration: CLIPTextConfiguration, weights: WeightMap) throws {
    self.configuration = configuration
    pages = WeightPages(of: weights)
    let prefix = "text_model."
    let model = weights.keys.contains { $0.hasPrefix(prefix) } ? weights.scoped(prefix) : weights
    let embeddings = model.scoped("embeddings.")
    tokenEmbedding = try embeddings.take(
      "token_embedding.weight", shape: [configuration.vocabularySize, configuration.width])
    positionEmbedding = try embeddings.take(
      "position_embedding.weight", shape: [configuration.positions, configuration.width])
    var layers: [CLIPEncoderLayer] = []
    for index in 0..<configuration.layers {
      layers.append(try CLIPEncoderLayer(model.scoped("encoder.layers.\(index)."), configuration))
    }
    self.layers = layers
    finalNorm = try LayerNorm(
      model.scoped("final_layer_norm."), width: configuration.width, epsilon: configuration.epsilon)
    // Old files carry the positions 0, 1, 2 ... as a buffer; some carry the projection of the whole CLIP model.
    try weights.finish(ignoring: ["*embeddings.position_ids", "text_projection.weight"])
  }

  /// Embeds rows of token ids.
  ///
  /// - Parameters:
  ///   - ids: One row a prompt, all of the same length, at most `configuration.positions`.
  ///   - skippedLayers: Layers left out at the end (`clip_skip` of the reference); the final norm is kept.
  ///   - observe: Called with the number of layers that ran and their output, from 0 for the embeddings alone: the
  ///     hidden states of the reference.
  /// - Returns: `[ids.count, length, width]`.
  /// - Throws: `NetworkError.badInput`, `.outOfRange`, `TensorError`.
  package func callAsFunction(
    _ ids: [[Int32]], skippedLayers: Int = 0, observe: ((Int, Tensor) -> Void)? = nil
  ) throws -> Tensor {
    guard skippedLayers >= 0, skippedLayers <= layers.count else {
      throw NetworkError.outOfRange(
        network: "text encoder", name: "the number of skipped layers", found: skippedLayers, range: 0...layers.count)
    }
    var hidden = try embedded(ids)
    observe?(0, hidden)
    for (index, layer) in layers.dropLast(skippedLayers).enumerated() {
      hidden = try layer(hidden)
      observe?(index + 1, hidden)
    }
    return try finalNorm(hidden)
  }

  private func embedded(_ ids: [[Int32]]) throws -> Tensor {
    let length = ids.first?.count ?? 0
    guard length > 0, length <= configuration.positions, ids.allSatisfy({ $0.count == length }) else {
      throw NetworkError.badInput(
        network: "text encoder", found: ids.map(\.count), wanted: "rows of 1..\(configuration.positions) ids")
    }
    var rows: [Tensor] = []
    for id in ids.joined() {
      guard id >= 0, Int(id) < configuration.vocabularySize else {
        throw NetworkError.outOfRange(
          network: "text encoder", name: "the id", found: Int(id), range: 0...configuration.vocabularySize - 1)
      }
      rows.append(try tokenEmbedding.narrow(0, start: Int(id), length: 1))
    }
    let width = configuration.width
    let tokens = try Tensor.concatenated(rows, along: 0).reshaped(to: [ids.count, length, width])
    return try tokens + positionEmbedding.narrow(0, start: 0, length: length)
  }
}
