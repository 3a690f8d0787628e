internal import MoonTensor
internal import MoonWeights

/// What every block of a UNet needs to know of the whole.
struct UNetBlockContext: Sendable {
  let timeWidth: Int
  let contextWidth: Int
  let groups: Int
  let epsilon: Float

  func residual(_ weights: WeightMap, input: Int, output: Int) throws -> ResidualBlock {
    try ResidualBlock(
      weights, input: input, output: output, timeWidth: timeWidth, groups: groups, epsilon: epsilon)
  }

  func transformer(
    _ weights: WeightMap, channels: Int, heads: Int, depth: Int
  ) throws -> SpatialTransformer {
    try SpatialTransformer(
      weights, channels: channels, contextWidth: contextWidth, heads: heads, depth: depth, groups: groups)
  }
}

/// A level on the way down: DownBlock2D, or CrossAttnDownBlock2D where it attends to the text.
struct UNetDownBlock: Sendable {
  private let residuals: [ResidualBlock]
  private var attentions: [SpatialTransformer]
  private let downsampler: Downsampler?

  init(
    _ weights: WeightMap, _ context: UNetBlockContext, input: Int, output: Int, layers: Int,
    heads: Int, depth: Int, attends: Bool, downsamplePadding: Int?
  ) throws {
    var residuals: [ResidualBlock] = []
    var attentions: [SpatialTransformer] = []
    for layer in 0..<layers {
      residuals.append(
        try context.residual(
          weights.scoped("resnets.\(layer)."), input: layer == 0 ? input : output, output: output))
      if attends {
        attentions.append(
          try context.transformer(
            weights.scoped("attentions.\(layer)."), channels: output, heads: heads, depth: depth))
      }
    }
    self.residuals = residuals
    self.attentions = attentions
    if let downsamplePadding {
      downsampler = try Downsampler(
        weights.scoped("downsamplers.0."), channels: output, padding: downsamplePadding)
    } else {
      downsampler = nil
    }
  }

  /// Takes the next of the layers of an adapter.
  mutating func add(_ layers: inout ArraySlice<ImageAttention>) {
    for index in attentions.indices { attentions[index].add(&layers) }
  }

  /// Runs the level and appends each layer's result to `skips`.
  func callAsFunction(
    _ input: Tensor, activatedTime: Tensor, conditioning: UNetConditioning, skips: inout [Tensor]
  ) throws(TensorError) -> Tensor {
    var hidden = input
    for (layer, residual) in residuals.enumerated() {
      hidden = try residual(hidden, activatedTime: activatedTime)
      if !attentions.isEmpty {
        hidden = try attentions[layer](hidden, conditioning)
      }
      skips.append(hidden)
    }
    if let downsampler {
      hidden = try downsampler(hidden)
      skips.append(hidden)
    }
    return hidden
  }
}

/// The innermost level: UNetMidBlock2DCrossAttn, or the one residual block of UNetMidBlock2D.
struct UNetMidBlock: Sendable {
  private let first: ResidualBlock
  private var attention: SpatialTransformer?
  private let second: ResidualBlock?

  init(
    _ weights: WeightMap, _ context: UNetBlockContext, channels: Int, heads: Int, depth: Int, attends: Bool
  ) throws {
    first = try context.residual(weights.scoped("resnets.0."), input: channels, output: channels)
    attention =
      attends
      ? try context.transformer(weights.scoped("attentions.0."), channels: channels, heads: heads, depth: depth) : nil
    second = attends ? try context.residual(weights.scoped("resnets.1."), input: channels, output: channels) : nil
  }

  /// Takes the next of the layers of an adapter.
  mutating func add(_ layers: inout ArraySlice<ImageAttention>) { attention?.add(&layers) }

  func callAsFunction(
    _ input: Tensor, activatedTime: Tensor, conditioning: UNetConditioning
  ) throws(TensorError) -> Tensor {
    var hidden = try first(input, activatedTime: activatedTime)
    if let attention {
      hidden = try attention(hidden, conditioning)
    }
    return try second?(hidden, activatedTime: activatedTime) ?? hidden
  }
}

/// A level on the way up: UpBlock2D, or CrossAttnUpBlock2D where it attends to the text.
struct UNetUpBlock: Sendable {
  private let residuals: [ResidualBlock]
  private var attentions: [SpatialTransformer]
  private let upsampler: Upsampler?

  /// Takes the level's weights; `skipChannels` holds the channels of each skip connection in the order of use.
  init(
    _ weights: WeightMap, _ context: UNetBlockContext, input: Int, output: Int, skipChannels: [Int],
    heads: Int, depth: Int, attends: Bool, upsamples: Bool
  ) throws {
    var residuals: [ResidualBlock] = []
    var attentions: [SpatialTransformer] = []
    for (layer, skip) in skipChannels.enumerated() {
      residuals.append(
        try context.residual(
          weights.scoped("resnets.\(layer)."), input: (layer == 0 ? input : output) + skip, output: output))
      if attends {
        attentions.append(
          try context.transformer(
            weights.scoped("attentions.\(layer)."), channels: output, heads: heads, depth: depth))
      }
    }
    self.residuals = residuals
    self.attentions = attentions
    upsampler = upsamples ? try Upsampler(weights.scoped("upsamplers.0."), channels: output) : nil
  }

  /// Takes the next of the layers of an adapter.
  mutating func add(_ layers: inout ArraySlice<ImageAttention>) {
    for index in attentions.indices { attentions[index].add(&layers) }
  }

  /// Runs the level; each layer takes the last of `skips`, and the result grows to the size of the next one.
  func callAsFunction(
    _ input: Tensor, activatedTime: Tensor, conditioning: UNetConditioning, skips: inout [Tensor]
  ) throws(TensorError) -> Tensor {
    var hidden = input
    for (layer, residual) in residuals.enumerated() {
      hidden = try residual(hidden.concatenatedChannels(with: skips.removeLast()), activatedTime: activatedTime)
      if !attentions.isEmpty {
        hidden = try attentions[layer](hidden, conditioning)
      }
    }
    if let upsampler, let next = skips.last {
      hidden = try upsampler(hidden, height: next.shape[1], width: next.shape[2])
    }
    return hidden
  }
}

extension SpatialTransformer {
  /// Runs the transformer with what a UNet hears.
  fileprivate func callAsFunction(_ input: Tensor, _ conditioning: UNetConditioning) throws(TensorError) -> Tensor {
    try self(
      input, context: conditioning.context, kept: conditioning.keptContext, images: conditioning.images)
  }
}
