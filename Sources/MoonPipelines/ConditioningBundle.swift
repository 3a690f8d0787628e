public import MoonTensor

/// What the text encoders make of a prompt, one row an image.
public struct TextEmbeds: Sendable {
  /// Text embeddings, `[batch, positions, width]`.
  public var promptEmbeds: Tensor
  /// Pooled text embeddings, `[batch, width]`: SDXL alone has them.
  public var pooledEmbeds: Tensor?

  /// Creates embeddings of one batch size.
  ///
  /// - Parameters:
  ///   - promptEmbeds: `[batch, positions, width]`.
  ///   - pooledEmbeds: `[batch, width]`, for SDXL.
  public init(promptEmbeds: Tensor, pooledEmbeds: Tensor? = nil) {
    self.promptEmbeds = promptEmbeds
    self.pooledEmbeds = pooledEmbeds
  }
}

/// Everything that belongs to one half of classifier-free guidance, one row an image.
public struct ConditioningBundle: Sendable {
  /// What the text encoders made of the prompt.
  public var text: TextEmbeds
  /// SDXL: sizes and crops, `[batch, 6]`, or with an aesthetic score `[batch, 5]`.
  public var timeIDs: Tensor?
  /// For each IP-Adapter what the image encoder made of its pictures, `[batch, images, ...]`.
  public var imageEmbeds: [Tensor]

  /// Text embeddings, `[batch, positions, width]`.
  public var promptEmbeds: Tensor {
    get { text.promptEmbeds }
    set { text.promptEmbeds = newValue }
  }

  /// Creates a bundle from its parts.
  ///
  /// - Parameters:
  ///   - text: What the text encoders made of the prompt.
  ///   - timeIDs: `[batch, 6]` or `[batch, 5]`, for SDXL.
  ///   - imageEmbeds: `[batch, images, ...]` for each IP-Adapter.
  public init(text: TextEmbeds, timeIDs: Tensor? = nil, imageEmbeds: [Tensor] = []) {
    self.text = text
    self.timeIDs = timeIDs
    self.imageEmbeds = imageEmbeds
  }
}

/// One or both halves of an encoded prompt, as `DenoisingRun.encode` makes them; they can be swapped in at any step.
public struct EncodedPrompt: Sendable {
  /// The half that describes what is wanted.
  public var conditional: TextEmbeds
  /// The half that describes what is not wanted; `nil` keeps the run's own.
  public var unconditional: TextEmbeds?

  /// Creates a pair of one batch size.
  ///
  /// - Parameters:
  ///   - conditional: What is wanted.
  ///   - unconditional: What is not wanted.
  public init(conditional: TextEmbeds, unconditional: TextEmbeds?) {
    self.conditional = conditional
    self.unconditional = unconditional
  }
}
