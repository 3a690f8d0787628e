package import MoonTensor
package import MoonWeights

/// One block of a spatial transformer: attention to itself, attention to the text, and a gated feed-forward part.
/// Proved by `Fixtures/layers`.
package struct TransformerBlock: Sendable {
  private let selfNorm: LayerNorm
  private let selfAttention: Attention
  private let crossNorm: LayerNorm
  private var crossAttention: Attention
  private let feedForwardNorm: LayerNorm
  private let gate: LinearLayer
  private let feedForward: LinearLayer

  /// Takes `norm1`, `attn1`, `norm2`, `attn2`, `norm3` and `ff`.
  package init(_ weights: WeightMap, width: Int, contextWidth: Int, heads: Int) throws {
    selfNorm = try LayerNorm(weights.scoped("norm1."), width: width)
    selfAttention = try Attention(
      weights.scoped("attn1."), width: width, contextWidth: width, inner: width, heads: heads)
    crossNorm = try LayerNorm(weights.scoped("norm2."), width: width)
    crossAttention = try Attention(
      weights.scoped("attn2."), width: width, contextWidth: contextWidth, inner: width, heads: heads)
    feedForwardNorm = try LayerNorm(weights.scoped("norm3."), width: width)
    gate = try weights.linear("ff.net.0.proj", width, width * 8)
    feedForward = try weights.linear("ff.net.2", width * 4, width)
  }

  /// Takes the next of the layers of an adapter.
  mutating func add(_ layers: inout ArraySlice<ImageAttention>) { crossAttention.add(layers.removeFirst()) }

  /// Runs the block on `[batch, length, width]`.
  package func callAsFunction(
    _ input: Tensor, context: Tensor, kept: KeptContext? = nil, images: [ImageConditioning] = []
  ) throws(TensorError) -> Tensor {
    let normalized = try selfNorm(input)
    var hidden = try selfAttention(normalized, context: normalized, adding: input)
    hidden = try crossAttention(
      crossNorm(hidden), context: context, kept: kept, images: images, adding: hidden)
    return try feedForward(gate.gatedGELU(feedForwardNorm(hidden)), adding: hidden)
  }
}

/// The transformer between the convolutions: Transformer2DModel of the reference, with linear or convolutional
/// projections. Proved by `Fixtures/layers`.
package struct SpatialTransformer: Sendable {
  private let norm: GroupNorm
  private let projectionIn: LinearLayer
  private var blocks: [TransformerBlock]
  private let projectionOut: LinearLayer

  /// Takes `norm`, `proj_in`, `transformer_blocks` and `proj_out`.
  package init(
    _ weights: WeightMap, channels: Int, contextWidth: Int, heads: Int, depth: Int, groups: Int
  ) throws {
    norm = try GroupNorm(weights.scoped("norm."), channels: channels, groups: groups, epsilon: 1e-6)
    projectionIn = try weights.linearOrPointwise("proj_in", channels, channels)
    var blocks: [TransformerBlock] = []
    for index in 0..<depth {
      blocks.append(
        try TransformerBlock(
          weights.scoped("transformer_blocks.\(index)."), width: channels, contextWidth: contextWidth,
          heads: heads))
    }
    self.blocks = blocks
    projectionOut = try weights.linearOrPointwise("proj_out", channels, channels)
  }

  /// Takes the next of the layers of an adapter, one for each block.
  mutating func add(_ layers: inout ArraySlice<ImageAttention>) {
    for index in blocks.indices { blocks[index].add(&layers) }
  }

  /// Runs the transformer on `[batch, height, width, channels]` with `context` `[batch, positions, contextWidth]`, whose
  /// keys and values `kept` holds.
  package func callAsFunction(
    _ input: Tensor, context: Tensor, kept: KeptContext? = nil, images: [ImageConditioning] = []
  ) throws(TensorError) -> Tensor {
    let pixels = [input.shape[0], input.shape[1] * input.shape[2], input.shape[3]]
    let flat = try input.reshaped(to: pixels)
    var hidden = try projectionIn(norm(flat))
    for block in blocks { hidden = try block(hidden, context: context, kept: kept, images: images) }
    return try projectionOut(hidden, adding: flat).reshaped(to: input.shape)
  }
}
