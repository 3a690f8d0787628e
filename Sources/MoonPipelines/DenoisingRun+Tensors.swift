public import MoonTensor

/// The tensors on offer to callbacks, by the reference's names. Every one is writable, and a write changes the next
/// step.
extension DenoisingRun {
  /// The names that this pipeline offers.
  public var tensorNames: [String] { Self.tensorNames }

  /// The names that text-to-image offers.
  public static let tensorNames = ["latents", "prompt_embeds", "negative_prompt_embeds"]

  /// The tensor of that name as the reference's callbacks see it.
  ///
  /// - Parameter name: One of `tensorNames`.
  /// - Returns: For `prompt_embeds` the rows of both halves, the unwanted first, while guidance is on, and those of the
  ///   wanted half otherwise; else one row an image.
  /// - Throws: `PipelineError.unknownTensor`; an error of the text encoder when the unwanted half is encoded only now.
  public func tensor(_ name: String) throws -> Tensor { try tensor(name, of: state) }

  /// The tensor of that name as it was in `state`, which may be an earlier state of this run.
  package func tensor(_ name: String, of state: RunState) throws -> Tensor {
    switch name {
    case "latents": return state.latents
    case "prompt_embeds":
      let conditional = state.conditional.promptEmbeds
      if !state.guides { return conditional }
      return try Tensor.concatenated([(state.unconditional ?? unconditional()).promptEmbeds, conditional], along: 0)
    case "negative_prompt_embeds": return try (state.unconditional ?? unconditional()).promptEmbeds
    default: throw PipelineError.unknownTensor(name: name, onOffer: tensorNames)
    }
  }

  /// Writes a copy of a tensor to that name; the next step uses it.
  ///
  /// - Parameters:
  ///   - tensor: Finite numbers. For `prompt_embeds` both halves (twice the batch) or the wanted half alone.
  ///   - name: One of `tensorNames`.
  /// - Throws: `PipelineError.unknownTensor`, `.badShape`, `.notFinite`.
  public func setTensor(_ tensor: Tensor, for name: String) throws {
    switch name {
    case "latents":
      try check(tensor, name, shapes: [state.latents.shape])
      state.latents = try tensor.copied()
    case "prompt_embeds":
      let single = state.conditional.promptEmbeds.shape
      let double = [2 * batchSize] + single.dropFirst()
      try check(tensor, name, shapes: [double, single])
      if tensor.shape[0] == single[0] {
        state.conditional.promptEmbeds = try tensor.copied()
      } else {
        state.unconditional = ConditioningBundle(
          promptEmbeds: try tensor.narrow(0, start: 0, length: batchSize).copied())
        state.conditional.promptEmbeds = try tensor.narrow(0, start: batchSize, length: batchSize).copied()
      }
    case "negative_prompt_embeds":
      try check(tensor, name, shapes: [state.conditional.promptEmbeds.shape])
      state.unconditional = ConditioningBundle(promptEmbeds: try tensor.copied())
    default: throw PipelineError.unknownTensor(name: name, onOffer: tensorNames)
    }
  }

  private func check(_ tensor: Tensor, _ name: String, shapes: [[Int]]) throws {
    guard shapes.contains(tensor.shape) else {
      throw PipelineError.badShape(name: name, found: tensor.shape, wanted: shapes)
    }
    if let index = try tensor.firstNonFinite() { throw PipelineError.notFinite(name: name, index: index) }
  }
}
