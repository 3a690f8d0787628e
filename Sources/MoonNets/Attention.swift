package import MoonTensor
package import MoonWeights

/// Multi-head attention with its four projections, to itself or to a context.
package struct Attention: Sendable {
  private let heads: Int
  private let query: LinearLayer
  private let key: LinearLayer
  private let value: LinearLayer
  private let output: LinearLayer
  private let owner = KeptContext.Owner()
  /// What adapters have added, in their order.
  private var imageAttentions: [ImageAttention] = []

  /// Takes `to_q`, `to_k`, `to_v` (no bias) and `to_out.0`.
  ///
  /// - Parameters:
  ///   - weights: The attention's own keys.
  ///   - width: Width of the queries' input and of the output.
  ///   - contextWidth: Width of the keys' and values' input.
  ///   - inner: Width of all heads together.
  ///   - heads: Number of heads; it divides `inner`.
  /// - Throws: `WeightsError`, naming the key.
  package init(
    _ weights: WeightMap, width: Int, contextWidth: Int, inner: Int, heads: Int
  ) throws {
    self.heads = heads
    query = try weights.linear("to_q", width, inner, hasBias: false)
    key = try weights.linear("to_k", contextWidth, inner, hasBias: false)
    value = try weights.linear("to_v", contextWidth, inner, hasBias: false)
    output = try weights.linear("to_out.0", inner, width)
  }

  /// Attends to the tokens of one more image prompt.
  mutating func add(_ layer: ImageAttention) { imageAttentions.append(layer) }

  /// Attention of `input` `[batch, length, width]` to `context` `[batch, positions, contextWidth]`, plus `residual`.
  ///
  /// What the queries find in each image prompt is added to what they find in `context`, times the prompt's scale.
  /// `kept` holds the keys and values of this very context.
  package func callAsFunction(
    _ input: Tensor, context: Tensor, kept: KeptContext? = nil, images: [ImageConditioning] = [],
    adding residual: Tensor
  ) throws(TensorError) -> Tensor {
    let queries = try query(input)
    let (keys, values) = try keysAndValues(context, kept)
    var mixed = try queries.attention(keys: keys, values: values, heads: heads)
    var terms: [(weight: Float, tensor: Tensor)] = []
    for (layer, image) in zip(imageAttentions, images) where image.scale != 0 {
      let found = try queries.attention(keys: layer.key(image.tokens), values: layer.value(image.tokens), heads: heads)
      terms.append((Float(image.scale), found))
    }
    if !terms.isEmpty { mixed = try .linearCombination([(1, mixed)] + terms) }
    return try output(mixed, adding: residual)
  }

  private func keysAndValues(
    _ context: Tensor, _ kept: KeptContext?
  ) throws(TensorError) -> (keys: Tensor, values: Tensor) {
    guard let kept else { return (try key(context), try value(context)) }
    return try kept.pair(of: owner) { () throws(TensorError) in (try key(context), try value(context)) }
  }
}
