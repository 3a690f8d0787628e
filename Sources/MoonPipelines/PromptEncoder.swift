internal import MoonNets
internal import MoonTensor
internal import MoonText

/// Tokenizer and text encoder together: from texts to one bundle of embeddings.
struct PromptEncoder: Sendable {
  let tokenizer: CLIPTokenizer
  let textEncoder: CLIPTextEncoder

  /// Embeds each text once and repeats its rows.
  ///
  /// - Parameters:
  ///   - texts: One a prompt.
  ///   - imagesPerPrompt: Rows for each text, side by side.
  ///   - skippedLayers: Text encoder layers left out at the end.
  /// - Returns: `texts.count * imagesPerPrompt` rows.
  /// - Throws: An error of the tokenizer or the text encoder.
  func callAsFunction(_ texts: [String], imagesPerPrompt: Int, skippedLayers: Int) throws -> ConditioningBundle {
    let (unique, indices) = Self.distinct(texts)
    let ids = try unique.map { try tokenizer.encode($0).ids }
    let embedded = try textEncoder(ids, skippedLayers: skippedLayers)
    var rows: [Tensor] = []
    for index in indices {
      let row = try embedded.narrow(0, start: index, length: 1)
      rows += [Tensor](repeating: row, count: imagesPerPrompt)
    }
    return ConditioningBundle(promptEmbeds: try Tensor.concatenated(rows, along: 0))
  }

  /// A warning for each text that is longer than the model reads; `source` says where the texts come from.
  func warnings(for texts: [String], from source: String) throws -> [String] {
    try Self.distinct(texts).unique.compactMap { text -> String? in
      let encoding = try tokenizer.encode(text)
      if encoding.cut == 0 { return nil }
      let limit = tokenizer.modelMaxLength - 2
      let cut = encoding.cut == 1 ? "1 is" : "\(encoding.cut) are"
      return "\(source): the model reads \(limit) tokens of a text; \(cut) left out: \"\(encoding.cutText.shown)\""
    }
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

/// Encodes prompts for every image of one request.
struct RequestEncoder: Sendable {
  let encoder: PromptEncoder
  let request: GenerationRequest

  /// The wanted half of `texts`, one a prompt.
  func conditional(_ texts: [String]) throws -> ConditioningBundle {
    try encoder(texts, imagesPerPrompt: request.imagesPerPrompt, skippedLayers: request.clipSkip)
  }

  /// The unwanted half of `texts`, one a prompt; the reference skips no layers for it.
  func unconditional(_ texts: [String]) throws -> ConditioningBundle {
    try encoder(texts, imagesPerPrompt: request.imagesPerPrompt, skippedLayers: 0)
  }

  /// Both halves of another prompt, which is that of every image.
  func callAsFunction(_ prompt: String, negativePrompt: String?) throws -> EncodedPrompt {
    let count = request.prompts.count
    return EncodedPrompt(
      conditional: try conditional([String](repeating: prompt, count: count)),
      unconditional: try negativePrompt.map { try unconditional([String](repeating: $0, count: count)) })
  }
}
