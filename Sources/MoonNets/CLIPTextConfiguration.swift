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
  /// Id of the token that ends a text, whose first place the pooled output is taken from. 2, as in old files, stands for
  /// the place of the largest id instead.
  package var endToken: Int
  /// Whether the pooled output goes through `text_projection`, as in CLIPTextModelWithProjection.
  package var projects: Bool
  /// Width of the pooled output of an encoder that projects.
  package var projectionWidth: Int

  /// Width of the pooled output.
  package var pooledWidth: Int { projects ? projectionWidth : width }

  /// Reads a configuration; absent keys have the reference's defaults.
  ///
  /// - Parameters:
  ///   - config: The encoder's `config.json`.
  ///   - projects: Whether the class in `model_index.json` is CLIPTextModelWithProjection; when `nil`, `architectures` of
  ///     the configuration says it.
  /// - Throws: `WeightsError`, `NetworkError`, naming the key.
  package init(_ config: ConfigFile, projects: Bool? = nil) throws {
    width = try config.int("hidden_size", default: 512)
    feedForwardWidth = try config.int("intermediate_size", default: 2048)
    layers = try config.int("num_hidden_layers", default: 12)
    heads = try config.int("num_attention_heads", default: 8)
    positions = try config.int("max_position_embeddings", default: 77)
    vocabularySize = try config.int("vocab_size", default: 49408)
    epsilon = Float(try config.double("layer_norm_eps", default: 1e-5))
    activation = try config.hiddenActivation()
    endToken = try config.isSet("eos_token_id") ? config.int("eos_token_id") : 49407
    projectionWidth = try config.isSet("projection_dim") ? config.int("projection_dim") : 512
    let architectures = try config.isSet("architectures") ? config.stringList("architectures") : []
    self.projects = projects ?? architectures.contains("CLIPTextModelWithProjection")
    try config.expectFalse("use_attention_mask")
    func refuse(_ detail: String) -> NetworkError { .inconsistent(file: config.name, detail: detail) }
    try config.requireSizes(
      [
        "hidden_size": [width], "intermediate_size": [feedForwardWidth], "num_hidden_layers": [layers],
        "num_attention_heads": [heads], "max_position_embeddings": [positions], "vocab_size": [vocabularySize],
        "projection_dim": self.projects ? [projectionWidth] : [],
      ], most: 1 << 24)
    if width % heads != 0 { throw refuse("a width of \(width) does not divide into \(heads) heads") }
  }

  /// The place in a row of ids whose final state is the pooled output; 0 where the row has no `endToken`.
  package func endPosition(_ ids: [Int32]) -> Int {
    if endToken == 2 { return ids.max().flatMap(ids.firstIndex) ?? 0 }
    return ids.firstIndex { Int($0) == endToken } ?? 0
  }
}
