internal import MoonImage
internal import MoonNets
internal import MoonTensor

/// The pictures of one IP-Adapter as its image encoder sees them.
struct ImagePromptEmbeds: Sendable {
  /// `[1, images, width]`, or with hidden states `[1, images, positions, width]`.
  let conditional: Tensor
  /// Makes what stands for no picture, same shape.
  let unconditional: @Sendable () throws -> Tensor
}

/// From pictures to image embeddings, for one kind of IP-Adapter.
///
/// - Source: diffusers, `prepare_ip_adapter_image_embeds`; `Fixtures/traces/guide.json`.
struct ImagePromptEncoder: Sendable {
  let processor: CLIPImageProcessor
  let encoder: CLIPVisionEncoder

  /// Encodes the pictures of one adapter.
  ///
  /// - Parameters:
  ///   - images: At least one.
  ///   - takesHiddenStates: Whether the adapter reads the hidden states before the last layer, and no picture is a black
  ///     one; otherwise it reads the projected embedding, and no picture is zeros.
  /// - Returns: One row, and what stands for no picture.
  /// - Throws: `PipelineError.badRequest`, an error of the encoder.
  func callAsFunction(_ images: [RGBImage], takesHiddenStates: Bool) throws -> ImagePromptEmbeds {
    var rows: [Tensor] = []
    do { rows = try images.map { try processor.tensor($0) } } catch let error as ImageError {
      throw PipelineError.badRequest(option: "--ip-image", detail: "\(error)")
    }
    let pixels = try Tensor.concatenated(rows, along: 0)
    let embeds = try embeds(pixels, takesHiddenStates)
    return ImagePromptEmbeds(
      conditional: embeds,
      unconditional: {
        takesHiddenStates ? try self.embeds(.zeros(pixels.shape), true) : try .zeros(embeds.shape)
      })
  }

  private func embeds(_ pixels: Tensor, _ takesHiddenStates: Bool) throws -> Tensor {
    let states = try encoder(pixels)
    let found = takesHiddenStates ? states.penultimate : states.embeddings
    return try found.reshaped(to: [1] + found.shape)
  }
}

extension ImageTokenProjection {
  /// The tokens of each row's pictures, one after the other.
  ///
  /// - Parameter embeds: `[rows, images, ...]`.
  /// - Returns: `[rows, images * tokens, width]`.
  /// - Throws: `NetworkError`, `TensorError`.
  func tokens(ofRows embeds: Tensor) throws -> Tensor {
    let (rows, images) = (embeds.shape[0], embeds.shape[1])
    let projected = try self(embeds.reshaped(to: [rows * images] + embeds.shape.dropFirst(2)))
    return try projected.reshaped(to: [rows, images * projected.shape[1], projected.shape[2]])
  }
}
