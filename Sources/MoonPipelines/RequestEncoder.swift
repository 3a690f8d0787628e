internal import MoonTensor

/// Makes the bundles of one request: prompts, sizes and image prompts, for every image of the batch.
struct RequestEncoder: Sendable {
  let encoder: PromptEncoder
  let request: GenerationRequest
  /// SDXL: sizes, crops and scores of both halves.
  let timeIDs: TimeIDs?
  /// The pictures of each IP-Adapter, encoded.
  let imagePrompts: [ImagePromptEmbeds]

  /// The wanted half of the request.
  func conditional() throws -> ConditioningBundle {
    try bundle(
      wantedText(request.texts(encoders: encoder.parts.count)), timeIDs?.conditional,
      imagePrompts.map(\.conditional))
  }

  /// The unwanted half of the request.
  func unconditional() throws -> ConditioningBundle {
    let text =
      encoder.zeroesMissingNegative && request.negativePrompts.isEmpty
      ? try encoder.zeros(rows: request.batchSize)
      : try unwantedText(request.negativeTexts(encoders: encoder.parts.count))
    return try bundle(text, timeIDs?.unconditional, imagePrompts.map { try $0.unconditional() })
  }

  /// Both halves of another prompt, which is that of every image.
  func callAsFunction(_ prompt: String, negativePrompt: String?) throws -> EncodedPrompt {
    func texts(_ text: String) -> [[String]] {
      [[String]](
        repeating: [String](repeating: text, count: request.prompts.count), count: encoder.parts.count)
    }
    return EncodedPrompt(
      conditional: try wantedText(texts(prompt)), unconditional: try negativePrompt.map { try unwantedText(texts($0)) })
  }

  private func wantedText(_ texts: [[String]]) throws -> TextEmbeds {
    try encoder(texts, imagesPerPrompt: request.imagesPerPrompt, skippedLayers: request.clipSkip)
  }

  /// The reference skips no layers for this half.
  private func unwantedText(_ texts: [[String]]) throws -> TextEmbeds {
    try encoder(texts, imagesPerPrompt: request.imagesPerPrompt, skippedLayers: 0)
  }

  /// A bundle whose sizes and image prompts are the same for every image.
  private func bundle(_ text: TextEmbeds, _ timeIDs: [Float]?, _ imageEmbeds: [Tensor]) throws -> ConditioningBundle {
    let rows = request.batchSize
    return ConditioningBundle(
      text: text,
      timeIDs: try timeIDs.map {
        try Tensor([[Float]](repeating: $0, count: rows).flatMap(\.self), shape: [rows, $0.count])
      },
      imageEmbeds: try imageEmbeds.map {
        try Tensor.concatenated([Tensor](repeating: $0, count: rows), along: 0)
      })
  }
}
