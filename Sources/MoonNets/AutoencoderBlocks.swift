package import MoonTensor
package import MoonWeights

/// Epsilon of every norm in an autoencoder.
let autoencoderEpsilon: Float = 1e-6

/// Attention with one head over all pixels, with its own norm and residual. Proved by `Fixtures/layers`.
package struct PixelAttention: Sendable {
  private let norm: GroupNorm
  private let query: LinearLayer
  private let key: LinearLayer
  private let value: LinearLayer
  private let output: LinearLayer

  /// Takes the layers under their present names, or under those of files from before 2023.
  package init(_ weights: WeightMap, channels: Int, groups: Int) throws {
    norm = try GroupNorm(
      weights.scoped("group_norm."), channels: channels, groups: groups, epsilon: autoencoderEpsilon)
    let isOld = weights.contains("query.weight") || weights.contains("proj_attn.weight")
    query = try weights.linearOrPointwise(isOld ? "query" : "to_q", channels, channels)
    key = try weights.linearOrPointwise(isOld ? "key" : "to_k", channels, channels)
    value = try weights.linearOrPointwise(isOld ? "value" : "to_v", channels, channels)
    output = try weights.linearOrPointwise(isOld ? "proj_attn" : "to_out.0", channels, channels)
  }

  /// Runs the attention on `[batch, height, width, channels]`.
  package func callAsFunction(_ input: Tensor) throws(TensorError) -> Tensor {
    let flat = try input.reshaped(to: [input.shape[0], input.shape[1] * input.shape[2], input.shape[3]])
    let normalized = try norm(flat)
    let mixed = try query(normalized).attention(keys: key(normalized), values: value(normalized), heads: 1)
    return try output(mixed, adding: flat).reshaped(to: input.shape)
  }
}

/// The innermost level of encoder and decoder: two residual blocks, attention between them where configured.
struct AutoencoderMidBlock: Sendable {
  private let first: ResidualBlock
  private let attention: PixelAttention?
  private let second: ResidualBlock

  init(_ weights: WeightMap, _ configuration: AutoencoderConfiguration, channels: Int) throws {
    first = try ResidualBlock(weights.scoped("resnets.0."), configuration, input: channels, output: channels)
    attention =
      configuration.midBlockAttends
      ? try PixelAttention(weights.scoped("attentions.0."), channels: channels, groups: configuration.groups) : nil
    second = try ResidualBlock(weights.scoped("resnets.1."), configuration, input: channels, output: channels)
  }

  func callAsFunction(_ input: Tensor) throws(TensorError) -> Tensor {
    var hidden = try first(input)
    if let attention { hidden = try attention(hidden) }
    return try second(hidden)
  }
}

extension ResidualBlock {
  /// A residual block of an autoencoder: no time embedding.
  init(
    _ weights: WeightMap, _ configuration: AutoencoderConfiguration, input: Int, output: Int
  ) throws {
    try self.init(
      weights, input: input, output: output, timeWidth: nil, groups: configuration.groups,
      epsilon: autoencoderEpsilon)
  }
}
