internal import MoonCommunity
internal import MoonNets
internal import MoonText

extension TextPart {
  /// Teaches the tokens of textual inversions, those that have vectors for this text encoder.
  mutating func add(_ inversions: [TextualInversion], component: LoRA.Component) throws {
    for inversion in inversions {
      let width = textEncoder.configuration.width
      guard let vectors = try inversion.vectors(for: component, width: width) else { continue }
      tokenizer = try tokenizer.adding(inversion.tokens)
      textEncoder = try textEncoder.adding(tokens: vectors)
    }
  }
}
