internal import MoonTensor

/// What stands in for a model where there is none: texts become random embeddings that belong to the text, latents
/// become coarse pictures.
struct StandInModel: RunModel {
  /// Rows of the batch.
  let batchSize: Int
  /// The unwanted half of the request.
  let unwanted: ConditioningBundle
  /// Pixels along one side of a latent.
  let factor: Int
  /// Channels of the latents.
  let channels: Int

  func unconditional() throws -> ConditioningBundle { unwanted }

  func encode(_ prompt: String, negativePrompt: String?) throws -> EncodedPrompt {
    let shapes = (unwanted.promptEmbeds.shape, unwanted.text.pooledEmbeds?.shape)
    return EncodedPrompt(
      conditional: try Self.embeds(of: prompt, like: shapes),
      unconditional: try negativePrompt.map { try Self.embeds(of: $0, like: shapes) })
  }

  func warnings(for texts: [[String]], from source: String) throws -> [String] { [] }

  func decodedRows(_ latents: Tensor) throws -> [Tensor] {
    let shape = latents.shape
    return try (0..<shape[0]).map { row in
      let colours = try (0..<3).map { try latents.select(0, at: row).select(0, at: $0 % shape[1]) }
      return try (Tensor.stacked(colours) * 0.5).clamped(minimum: -1, maximum: 1)
        .resized(height: shape[2] * factor, width: shape[3] * factor).reshaped(
          to: [1, 3, shape[2] * factor, shape[3] * factor])
    }
  }

  func decodesCheaply(height: Int, width: Int) -> Bool { true }

  func latentColours() throws -> LatentColours {
    LatentColours(
      weights: (0..<3).map { colour in (0..<channels).map { $0 == colour ? 0.5 : 0 } + [0] })
  }

  /// Embeddings of a text: normal numbers from a seed that the text makes, the same in every row.
  static func embeds(of text: String, like shapes: (prompt: [Int], pooled: [Int]?)) throws -> TextEmbeds {
    var source = Generator(seed: TextHash.fnv1a(text))
    func rows(_ shape: [Int]) throws -> Tensor {
      try source.normal(shape: [1] + shape.dropFirst()).repeatedRows(shape[0])
    }
    return TextEmbeds(promptEmbeds: try rows(shapes.prompt), pooledEmbeds: try shapes.pooled.map { try rows($0) })
  }
}
