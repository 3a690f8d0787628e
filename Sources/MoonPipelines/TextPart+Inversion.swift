internal import MoonCommunity
internal import MoonNets
internal import MoonText

extension TextPart {
  /// Teaches the tokens of textual inversions, those that have vectors for this text encoder.
  mutating func add(_ inversions: [TextualInversion], component: LoRA.Component) throws {
    for inversion in inversions {
      let width = textEncoder.configuration.width
      guard let vectors = try inversion.vectors(for: component, width: width) else { continue }
      do { tokenizer = try tokenizer.adding(inversion.tokens) } catch TokenizerError.unusableToken(
        let token, let reason)
      {
        throw PipelineError.badModel(path: inversion.name, detail: "its token \(token) cannot be added: \(reason)")
      }
      textEncoder = try textEncoder.adding(tokens: vectors)
    }
  }
}

extension [TextPart] {
  /// Checks that each of `inversions` has vectors for one of these text encoders.
  ///
  /// - Throws: `PipelineError.badModel` that names the file.
  func checkWidths(of inversions: [TextualInversion]) throws {
    let widths = map(\.textEncoder.configuration.width)
    for inversion in inversions where !inversion.widths.contains(where: widths.contains) {
      func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: " and ") }
      throw PipelineError.badModel(
        path: inversion.name,
        detail: "its vectors are \(list(inversion.widths)) wide, those of the model's text encoders \(list(widths))")
    }
  }
}
