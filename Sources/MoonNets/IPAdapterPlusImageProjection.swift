package import MoonTensor
package import MoonWeights

/// IP-Adapter Plus's projection: learned queries gather from the hidden states of an image, layer by layer.
package struct IPAdapterPlusImageProjection: Sendable {
  /// Tokens that an image becomes.
  package let tokens: Int
  /// Width of the hidden states.
  package let inputWidth: Int
  /// Width of the tokens.
  package let width: Int
  private let latents: Tensor
  private let projectionIn: LinearLayer
  private let layers: [ResamplerLayer]
  private let projectionOut: LinearLayer
  private let norm: LayerNorm

  /// Takes `latents`, `proj_in`, `layers.0` and following, `proj_out` and `norm_out`, whose shapes say the sizes.
  ///
  /// - Throws: `WeightsError`, `NetworkError.badWeights`, naming the file and key.
  package init(_ weights: WeightMap) throws {
    let queries = try weights.shape(of: "latents", dimensions: 3)
    let hidden = queries[2]
    tokens = queries[1]
    inputWidth = try weights.shape(of: "proj_in.weight", dimensions: 2)[1]
    width = try weights.shape(of: "proj_out.weight", dimensions: 2)[0]
    latents = try weights.take("latents", shape: [1, tokens, hidden])
    projectionIn = try weights.linear("proj_in", inputWidth, hidden)
    projectionOut = try weights.linear("proj_out", hidden, width)
    norm = try LayerNorm(weights.scoped("norm_out."), width: width)
    var layers: [ResamplerLayer] = []
    repeat {
      layers.append(try ResamplerLayer(weights.scoped("layers.\(layers.count)."), width: hidden))
    } while weights.contains("layers.\(layers.count).0.to_q.weight")
    self.layers = layers
  }

  /// The tokens of hidden states `[images, positions, inputWidth]`: `[images, tokens, width]`.
  package func callAsFunction(_ states: Tensor) throws(TensorError) -> Tensor {
    let context = try projectionIn(states)
    var hidden = try latents.expanded(to: [states.shape[0]] + latents.shape.dropFirst()).copied()
    for layer in layers { hidden = try layer(hidden, context: context) }
    return try norm(projectionOut(hidden))
  }
}

/// One layer of the resampler: attention of the queries to the image and to themselves, and a feed-forward part.
private struct ResamplerLayer: Sendable {
  /// Width of one head in every published file.
  private static let headWidth = 64

  let contextNorm: LayerNorm
  let queryNorm: LayerNorm
  let query: LinearLayer
  let key: LinearLayer
  let value: LinearLayer
  let output: LinearLayer
  let feedForwardNorm: LayerNorm
  let widening: LinearLayer
  let narrowing: LinearLayer
  let heads: Int

  init(_ weights: WeightMap, width: Int) throws {
    let attention = weights.scoped("0.")
    let inner = try attention.shape(of: "to_q.weight", dimensions: 2)[0]
    guard inner.isMultiple(of: Self.headWidth), inner <= 1 << 24 else {
      throw NetworkError.badWeights(
        file: weights.name,
        detail:
          "\"\(attention.prefix)to_q.weight\" has \(inner) rows, which do not divide into heads of \(Self.headWidth)")
    }
    heads = inner / Self.headWidth
    contextNorm = try LayerNorm(attention.scoped("norm1."), width: width)
    queryNorm = try LayerNorm(attention.scoped("norm2."), width: width)
    query = try attention.linear("to_q", width, inner, hasBias: false)
    let both = try attention.take("to_kv.weight", shape: [2 * inner, width])
    key = try LinearLayer(weight: both.narrow(0, start: 0, length: inner), bias: nil)
    value = try LinearLayer(weight: both.narrow(0, start: inner, length: inner), bias: nil)
    output = try attention.linear("to_out", inner, width, hasBias: false)
    let feedForward = weights.scoped("1.")
    feedForwardNorm = try LayerNorm(feedForward.scoped("0."), width: width)
    let wide = try feedForward.shape(of: "1.weight", dimensions: 2)[0]
    widening = try feedForward.linear("1", width, wide, hasBias: false)
    narrowing = try feedForward.linear("3", wide, width, hasBias: false)
  }

  func callAsFunction(_ input: Tensor, context: Tensor) throws(TensorError) -> Tensor {
    let queries = try queryNorm(input)
    let seen = try Tensor.concatenated([contextNorm(context), queries], along: 1)
    let mixed = try query(queries).attention(keys: key(seen), values: value(seen), heads: heads)
    let hidden = try output(mixed, adding: input)
    return try narrowing(widening(feedForwardNorm(hidden), activation: .gelu), adding: hidden)
  }
}
