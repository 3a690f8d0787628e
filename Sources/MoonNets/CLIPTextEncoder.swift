package import MoonTensor
package import MoonWeights

/// What a text encoder makes of prompts in one run through its layers.
package struct CLIPTextStates: Sendable {
  /// The states after the layers asked for, without the final norm: `[rows, length, width]`.
  package let hidden: Tensor
  /// The final state, normed, at the end of each text: `[rows, pooledWidth]`, projected where the encoder projects.
  package let pooled: Tensor
}

/// The text encoders of Stable Diffusion: CLIPTextModel and CLIPTextModelWithProjection of the reference. Proved by
/// `Fixtures/networks` layer by layer and by `Fixtures/clip_networks`.
package struct CLIPTextEncoder: Sendable {
  /// The sizes it was made with.
  package let configuration: CLIPTextConfiguration
  /// The memory that its mapped weights take; given back, it comes again with the next call.
  package let pages: WeightPages
  private let tokenEmbedding: Tensor
  /// Rows for the ids from `configuration.vocabularySize` on.
  private var addedEmbedding: Tensor?
  private let positionEmbedding: Tensor
  private let layers: [CLIPLayer]
  private let finalNorm: LayerNorm
  private let projection: LinearLayer?

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
    layers = try CLIPLayer.all(
      model, count: configuration.layers,
      CLIPLayerSizes(
        width: configuration.width, feedForwardWidth: configuration.feedForwardWidth, heads: configuration.heads,
        activation: configuration.activation, epsilon: configuration.epsilon, isCausal: true))
    finalNorm = try LayerNorm(
      model.scoped("final_layer_norm."), width: configuration.width, epsilon: configuration.epsilon)
    projection =
      configuration.projects
      ? try (weights.contains("text_projection.weight") ? weights : model).linear(
        "text_projection", configuration.width, configuration.projectionWidth, hasBias: false) : nil
    // Old files carry the positions 0, 1, 2 ... as a buffer; some carry the projection of the whole CLIP model.
    try weights.finish(ignoring: ["*embeddings.position_ids", "*text_projection.weight"])
  }

  /// Ids that it takes: 0 to one less than this.
  package var tokenCount: Int { configuration.vocabularySize + (addedEmbedding?.shape[0] ?? 0) }

  /// The same encoder with more tokens, as textual inversion brings them; the tables that are there are shared.
  ///
  /// Where `configuration.endToken` is 2, the pooled output of a text with an added token is taken from its place, as in
  /// the reference: the largest id is not the end's any more.
  ///
  /// - Parameter tokens: Embeddings `[count, width]`, for the ids from `tokenCount` on.
  /// - Returns: The encoder that takes the ids too.
  /// - Throws: `NetworkError.badInput`, `TensorError`.
  package func adding(tokens: Tensor) throws -> CLIPTextEncoder {
    guard tokens.rank == 2, tokens.shape[1] == configuration.width else {
      throw NetworkError.badInput(
        network: "embeddings of added tokens", found: tokens.shape, wanted: "[tokens, \(configuration.width)]")
    }
    var result = self
    result.addedEmbedding = try addedEmbedding.map { try Tensor.concatenated([$0, tokens], along: 0) } ?? tokens
    return result
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
    try requireLayers(skippedLayers)
    var hidden = try embedded(ids)
    observe?(0, hidden)
    for (index, layer) in layers.dropLast(skippedLayers).enumerated() {
      hidden = try layer(hidden)
      observe?(index + 1, hidden)
    }
    return try finalNorm(hidden)
  }

  /// Embeds rows of token ids as SDXL takes them: states from before the last layers, and a pooled output from after.
  ///
  /// - Parameters:
  ///   - ids: One row a prompt, all of the same length, at most `configuration.positions`.
  ///   - skippedLayers: Layers left out at the end for `hidden`, which are `hidden_states[-(skippedLayers + 1)]` of the
  ///     reference: 1 for SDXL as such, one more than `clip_skip` where that is set. The pooled output is that of all
  ///     layers.
  ///   - observe: Called with the number of layers that ran and their output, from 0 for the embeddings alone.
  /// - Returns: The states without the final norm, and the pooled output.
  /// - Throws: `NetworkError.badInput`, `.outOfRange`, `TensorError`.
  package func states(
    _ ids: [[Int32]], skippedLayers: Int = 1, observe: ((Int, Tensor) -> Void)? = nil
  ) throws -> CLIPTextStates {
    try requireLayers(skippedLayers)
    var hidden = try embedded(ids)
    var kept = hidden
    observe?(0, hidden)
    for (index, layer) in layers.enumerated() {
      hidden = try layer(hidden)
      if index + 1 == layers.count - skippedLayers { kept = hidden }
      observe?(index + 1, hidden)
    }
    return CLIPTextStates(hidden: kept, pooled: try pooled(hidden, ids))
  }

  /// The final norm of the state at the end of each text, projected. The norm works place by place.
  private func pooled(_ hidden: Tensor, _ ids: [[Int32]]) throws -> Tensor {
    var rows: [Tensor] = []
    for (row, list) in ids.enumerated() {
      rows.append(try hidden.select(0, at: row).narrow(0, start: configuration.endPosition(list), length: 1))
    }
    let normed = try finalNorm(Tensor.concatenated(rows, along: 0))
    return try projection.map { try $0(normed) } ?? normed
  }

  private func requireLayers(_ skipped: Int) throws {
    guard skipped >= 0, skipped <= layers.count else {
      throw NetworkError.outOfRange(
        network: "text encoder", name: "the number of skipped layers", found: skipped, range: 0...layers.count)
    }
  }

  private func embedded(_ ids: [[Int32]]) throws -> Tensor {
    let length = ids.first?.count ?? 0
    guard length > 0, length <= configuration.positions, ids.allSatisfy({ $0.count == length }) else {
      throw NetworkError.badInput(
        network: "text encoder", found: ids.map(\.count), wanted: "rows of 1..\(configuration.positions) ids")
    }
    var rows: [Tensor] = []
    for id in ids.joined() {
      guard id >= 0, Int(id) < tokenCount else {
        throw NetworkError.outOfRange(
          network: "text encoder", name: "the id", found: Int(id), range: 0...tokenCount - 1)
      }
      rows.append(try embedding(of: Int(id)))
    }
    let width = configuration.width
    let tokens = try Tensor.concatenated(rows, along: 0).reshaped(to: [ids.count, length, width])
    return try tokens + positionEmbedding.narrow(0, start: 0, length: length)
  }

  /// The row `[1, width]` of a token, from the table that has it.
  private func embedding(of id: Int) throws(TensorError) -> Tensor {
    if let addedEmbedding, id >= configuration.vocabularySize {
      return try addedEmbedding.narrow(0, start: id - configuration.vocabularySize, length: 1)
    }
    return try tokenEmbedding.narrow(0, start: id, length: 1)
  }
}
