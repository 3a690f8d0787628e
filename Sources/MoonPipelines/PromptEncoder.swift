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
  func callAsFunction(_ texts: [String], imagesPerPrompt: Int, skippedLayers: Int) throws -> ConditioningBundle {
    var unique: [String] = []
    var indices: [Int] = []
    for text in texts {
      // Compared by their bytes: texts that are only canonically equal have other tokens.
      let known = unique.firstIndex { $0.utf8.elementsEqual(text.utf8) }
      indices.append(known ?? unique.count)
      if known == nil { unique.append(text) }
    }
    let ids = try unique.map { try tokenizer.encode($0).ids }
    let embedded = try textEncoder(ids, skippedLayers: skippedLayers)
    var rows: [Tensor] = []
    for index in indices {
      let row = try embedded.narrow(0, start: index, length: 1)
      rows += [Tensor](repeating: row, count: imagesPerPrompt)
    }
    return ConditioningBundle(promptEmbeds: try Tensor.concatenated(rows, along: 0))
  }

  /// A warning for a text that is longer than the model reads.
  func warning(for text: String, option: String) throws -> String? {
    let encoding = try tokenizer.encode(text)
    if encoding.cut == 0 { return nil }
    let lost = encoding.cutTokens.joined()
      .replacing("</w>", with: " ").trimmingSuffix { $0 == " " }
    return
      "\(option): the model reads \(tokenizer.modelMaxLength - 2) tokens; the last \(encoding.cut) are cut off: \"\(lost)\""
  }
}

extension String {
  /// The text without the characters at its end that `predicate` accepts.
  fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
    var rest = self[...]
    while let last = rest.last, predicate(last) { rest.removeLast() }
    return String(rest)
  }
}
