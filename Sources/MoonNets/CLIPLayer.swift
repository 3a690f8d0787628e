internal import MoonTensor
internal import MoonWeights

/// Sizes of one layer of a CLIP encoder, of texts or of pictures.
struct CLIPLayerSizes: Sendable {
  let width: Int
  let feedForwardWidth: Int
  let heads: Int
  let activation: Activation
  let epsilon: Float
  /// Whether a position sees only those up to itself.
  let isCausal: Bool
}

/// One layer of a CLIP encoder: attention and a feed-forward part, each behind a norm.
struct CLIPLayer: Sendable {
  private let attentionNorm: LayerNorm
  private let query: LinearLayer
  private let key: LinearLayer
  private let value: LinearLayer
  private let output: LinearLayer
  private let feedForwardNorm: LayerNorm
  private let widening: LinearLayer
  private let narrowing: LinearLayer
  private let sizes: CLIPLayerSizes

  init(_ weights: WeightMap, _ sizes: CLIPLayerSizes) throws {
    let width = sizes.width
    attentionNorm = try LayerNorm(weights.scoped("layer_norm1."), width: width, epsilon: sizes.epsilon)
    query = try weights.linear("self_attn.q_proj", width, width)
    key = try weights.linear("self_attn.k_proj", width, width)
    value = try weights.linear("self_attn.v_proj", width, width)
    output = try weights.linear("self_attn.out_proj", width, width)
    feedForwardNorm = try LayerNorm(weights.scoped("layer_norm2."), width: width, epsilon: sizes.epsilon)
    widening = try weights.linear("mlp.fc1", width, sizes.feedForwardWidth)
    narrowing = try weights.linear("mlp.fc2", sizes.feedForwardWidth, width)
    self.sizes = sizes
  }

  /// The layers `encoder.layers.0` to `encoder.layers.count - 1`.
  static func all(_ weights: WeightMap, count: Int, _ sizes: CLIPLayerSizes) throws -> [CLIPLayer] {
    var layers: [CLIPLayer] = []
    for index in 0..<count { layers.append(try CLIPLayer(weights.scoped("encoder.layers.\(index)."), sizes)) }
    return layers
  }

  /// Runs the layer on `[rows, length, width]`.
  func callAsFunction(_ input: Tensor) throws(TensorError) -> Tensor {
    let normalized = try attentionNorm(input)
    let mixed = try query(normalized).attention(
      keys: key(normalized), values: value(normalized), heads: sizes.heads, isCausal: sizes.isCausal)
    let hidden = try output(mixed, adding: input)
    return try narrowing(widening(feedForwardNorm(hidden), activation: sizes.activation), adding: hidden)
  }
}

extension ConfigFile {
  /// The activation that `hidden_act` names; absence means the reference's `quick_gelu`.
  func hiddenActivation() throws -> Activation {
    let found = try string("hidden_act", default: "quick_gelu")
    switch found {
    case "quick_gelu": return .quickGELU
    case "gelu": return .gelu
    case "gelu_new", "gelu_pytorch_tanh": return .geluTanh
    default:
      throw NetworkError.unsupported(
        file: name, key: "hidden_act", found: "\"\(found)\"", detail: "\"quick_gelu\", \"gelu\" and \"gelu_new\" are")
    }
  }
}
