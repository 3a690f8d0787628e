internal import MoonNets
internal import MoonTensor
internal import MoonText

/// A tokenizer and the text encoder that reads its ids.
struct TextPart: Sendable {
  var tokenizer: CLIPTokenizer
  var textEncoder: CLIPTextEncoder

  /// The ids of a text, in which tokens of several vectors are written out first.
  func encode(_ text: String) throws -> CLIPTokenizer.Encoding {
    try tokenizer.encode(tokenizer.expandingAddedTokens(in: text))
  }
}

/// The text encoders of a model: from texts to embeddings.
struct PromptEncoder: Sendable {
  /// One for Stable Diffusion 1.x and 2.x and for the refiner of SDXL, two for SDXL.
  let parts: [TextPart]
  /// Whether the embeddings are those of SDXL: hidden states before the last layer, and pooled ones beside them.
  let isXL: Bool
  /// Whether a negative prompt that was not given is embedded as zeros (`force_zeros_for_empty_prompt`).
  let zeroesMissingNegative: Bool

  /// Tokens of a text, padded.
  private var length: Int { parts[0].tokenizer.modelMaxLength }

  /// Embeds each text once and repeats its rows.
  ///
  /// - Parameters:
  ///   - texts: For each part the texts, one a prompt.
  ///   - imagesPerPrompt: Rows for each text, side by side.
  ///   - skippedLayers: Text encoder layers left out at the end.
  /// - Returns: A row for each prompt and image.
  /// - Throws: An error of the tokenizer or the text encoder.
  func callAsFunction(_ texts: [[String]], imagesPerPrompt: Int, skippedLayers: Int) throws -> TextEmbeds {
    try TensorEnvironment.withoutKeptWeights {
      try embeds(texts, imagesPerPrompt: imagesPerPrompt, skippedLayers: skippedLayers)
    }
  }

  private func embeds(_ texts: [[String]], imagesPerPrompt: Int, skippedLayers: Int) throws -> TextEmbeds {
    var embeds: [Tensor] = []
    var pooled: Tensor?
    for (part, texts) in zip(parts, texts) {
      let (unique, indices) = Self.distinct(texts)
      let ids = try unique.map { try part.encode($0).ids }
      func rows(_ embedded: Tensor) throws -> Tensor {
        let rows = try indices.flatMap { index in
          [Tensor](repeating: try embedded.narrow(0, start: index, length: 1), count: imagesPerPrompt)
        }
        return try Tensor.concatenated(rows, along: 0)
      }
      if isXL {
        let states = try part.textEncoder.states(ids, skippedLayers: skippedLayers + 1)
        embeds.append(try rows(states.hidden))
        pooled = try rows(states.pooled)
      } else {
        embeds.append(try rows(part.textEncoder(ids, skippedLayers: skippedLayers)))
      }
    }
    return TextEmbeds(
      promptEmbeds: embeds.count == 1 ? embeds[0] : try Tensor.concatenated(embeds, along: 2), pooledEmbeds: pooled)
  }

  /// What stands for a negative prompt that was not given.
  func zeros(rows: Int) throws -> TextEmbeds {
    let configurations = parts.map(\.textEncoder.configuration)
    return TextEmbeds(
      promptEmbeds: try .zeros([rows, length, configurations.map(\.width).reduce(0, +)]),
      pooledEmbeds: try .zeros([rows, configurations[configurations.count - 1].pooledWidth]))
  }

  /// A warning for each text that is longer than the model reads; `source` says where the texts come from.
  func warnings(for texts: [[String]], from source: String) throws -> [String] {
    var warnings: [String] = []
    for (part, texts) in zip(parts, texts) {
      for text in Self.distinct(texts).unique {
        let encoding = try part.encode(text)
        if encoding.cut == 0 { continue }
        let limit = part.tokenizer.modelMaxLength - 2
        let cut = encoding.cut == 1 ? "1 is" : "\(encoding.cut) are"
        let warning =
          "\(source): the model reads \(limit) tokens of a text; \(cut) left out: \"\(encoding.cutText.shown)\""
        if !warnings.contains(warning) { warnings.append(warning) }
      }
    }
    return warnings
  }

  /// Each text once, and for each of `texts` which one it is. Texts are compared by their bytes: those that are only
  /// canonically equal have other tokens.
  private static func distinct(_ texts: [String]) -> (unique: [String], indices: [Int]) {
    var unique: [String] = []
    var indices: [Int] = []
    for text in texts {
      let known = unique.firstIndex { $0.utf8.elementsEqual(text.utf8) }
      indices.append(known ?? unique.count)
      if known == nil { unique.append(text) }
    }
    return (unique, indices)
  }
}
