package import MoonTensor
package import MoonWeights

/// Multi-head attention with its four projections, to itself or to a context.
package struct Attention: Sendable {
  private let heads: Int
  private let query: LinearLayer
  private let key: LinearLayer
  private let value: LinearLayer
  private let output: LinearLayer

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

  /// Attention of `input` `[batch, length, width]` to `context` `[batch, positions, contextWidth]`, plus `residual`.
  package func callAsFunction(
    _ input: Tensor, context: Tensor, adding residual: Tensor
  ) throws(TensorError) -> Tensor {
    let mixed = try query(input).attention(keys: key(context), values: value(context), heads: heads)
    return try output(mixed, adding: residual)
  }
}
