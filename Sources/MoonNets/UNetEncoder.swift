internal import MoonTensor
internal import MoonWeights

/// The half of a UNet that comes before the way up: embedding of the time, the levels on the way down, the innermost
/// one. A control network is such a half.
struct UNetEncoder: Sendable {
  private let timeWidth: Int
  private let timeEmbedding: TimeEmbedding
  private let addition: TextTimeEmbedding?
  private let convolutionIn: ConvolutionLayer
  private var downBlocks: [UNetDownBlock]
  private var midBlock: UNetMidBlock

  /// Takes `time_embedding`, `add_embedding`, `conv_in`, `down_blocks` and `mid_block`.
  init(_ configuration: UNetConfiguration, weights: WeightMap) throws {
    timeWidth = configuration.timeWidth
    let channels = configuration.channels
    let last = channels.count - 1
    let context = UNetBlockContext(configuration)
    timeEmbedding = try TimeEmbedding(
      weights.scoped("time_embedding."), width: channels[0], output: configuration.timeWidth,
      flipsSineToCosine: configuration.flipsSineToCosine, frequencyShift: configuration.frequencyShift,
      conditionWidth: configuration.guidanceWidth)
    addition = try configuration.addition.map {
      try TextTimeEmbedding(weights.scoped("add_embedding."), $0, of: configuration)
    }
    convolutionIn = try weights.convolution("conv_in", configuration.inputChannels, channels[0])
    var downBlocks: [UNetDownBlock] = []
    for level in channels.indices {
      downBlocks.append(
        try UNetDownBlock(
          weights.scoped("down_blocks.\(level)."), context, input: channels[max(level - 1, 0)],
          output: channels[level], layers: configuration.layers[level], heads: configuration.heads[level],
          depth: configuration.depths[level], attends: configuration.downAttends[level],
          downsamplePadding: level == last ? nil : configuration.downsamplePadding))
    }
    self.downBlocks = downBlocks
    midBlock = try UNetMidBlock(
      weights.scoped("mid_block."), context, channels: channels[last], heads: configuration.heads[last],
      depth: configuration.depths[last], attends: configuration.midAttends)
  }

  /// Takes those of the layers of an adapter that belong to the way down.
  mutating func addDown(_ layers: inout ArraySlice<ImageAttention>) {
    for index in downBlocks.indices { downBlocks[index].add(&layers) }
  }

  /// Takes those of the layers of an adapter that belong to the innermost level.
  mutating func addInnermost(_ layers: inout ArraySlice<ImageAttention>) { midBlock.add(&layers) }

  /// SiLU of the time embedding with what is added to it, `[rows, timeWidth]`.
  func activatedTime(
    _ timestep: Double, _ conditioning: UNetConditioning, rows: Int, network: String
  ) throws -> Tensor {
    let added = try addition.map { try $0(conditioning, rows: rows, network: network) }
    return try timeEmbedding.activated(timestep: timestep, condition: conditioning.guidance, adding: added)
      .expanded(to: [rows, timeWidth])
  }

  /// Runs the way down and the innermost level on checked latents; `embedded` is added behind `conv_in`.
  func callAsFunction(
    _ latents: Tensor, activatedTime: Tensor, conditioning: UNetConditioning, adding embedded: Tensor? = nil,
    observe: ((String, Tensor) -> Void)?
  ) throws(TensorError) -> (hidden: Tensor, skips: [Tensor]) {
    var hidden = try convolutionIn(latents, adding: embedded)
    observe?("conv_in", hidden)
    var skips = [hidden]
    for (level, block) in downBlocks.enumerated() {
      let earlier = skips.count
      hidden = try block(hidden, activatedTime: activatedTime, conditioning: conditioning, skips: &skips)
      for index in earlier..<skips.count { observe?("down_blocks.\(level)/skip_\(index - earlier)", skips[index]) }
      observe?("down_blocks.\(level)", hidden)
    }
    hidden = try midBlock(hidden, activatedTime: activatedTime, conditioning: conditioning)
    observe?("mid_block", hidden)
    return (hidden, skips)
  }
}

extension UNetBlockContext {
  /// What the blocks of a network of these sizes need to know.
  init(_ configuration: UNetConfiguration) {
    self.init(
      timeWidth: configuration.timeWidth, contextWidth: configuration.contextWidth, groups: configuration.groups,
      epsilon: configuration.epsilon)
  }
}

extension UNetConfiguration {
  /// Channels of each skip connection, in the order in which the way down makes them.
  var skipChannels: [Int] {
    var result = [channels[0]]
    for level in channels.indices {
      let isLast = level == channels.count - 1
      result += [Int](repeating: channels[level], count: layers[level] + (isLast ? 0 : 1))
    }
    return result
  }
}
