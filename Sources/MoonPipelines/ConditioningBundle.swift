public import MoonTensor

/// Everything that belongs to one half of classifier-free guidance, one row an image.
public struct ConditioningBundle: Sendable {
  /// Text embeddings, `[batch, positions, width]`.
  public var promptEmbeds: Tensor

  /// Creates a bundle from its parts.
  ///
  /// - Parameter promptEmbeds: `[batch, positions, width]`.
  public init(promptEmbeds: Tensor) {
    self.promptEmbeds = promptEmbeds
  }
}

/// One or both halves of an encoded prompt, as `DenoisingRun.encode` makes them; they can be swapped in at any step.
public struct EncodedPrompt: Sendable {
  /// The half that describes what is wanted.
  public var conditional: ConditioningBundle
  /// The half that describes what is not wanted; `nil` keeps the run's own.
  public var unconditional: ConditioningBundle?

  /// Creates a pair of bundles of one batch size.
  ///
  /// - Parameters:
  ///   - conditional: What is wanted.
  ///   - unconditional: What is not wanted.
  public init(conditional: ConditioningBundle, unconditional: ConditioningBundle?) {
    self.conditional = conditional
    self.unconditional = unconditional
  }
}
