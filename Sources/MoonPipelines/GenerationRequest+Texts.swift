extension GenerationRequest {
  /// The prompts for each text encoder of the model.
  func texts(encoders: Int) -> [[String]] {
    lists(prompts, secondPrompts.isEmpty ? prompts : secondPrompts, encoders)
  }

  /// The negative prompts for each text encoder of the model; empty texts where none is given.
  func negativeTexts(encoders: Int) -> [[String]] {
    let first = negativePrompts.isEmpty ? [""] : negativePrompts
    return lists(first, secondNegativePrompts.isEmpty ? first : secondNegativePrompts, encoders)
  }

  /// One text a prompt for each encoder; the refiner of SDXL, which has the second encoder alone, reads the first list.
  private func lists(_ first: [String], _ second: [String], _ encoders: Int) -> [[String]] {
    [first, second].prefix(encoders).map { texts in
      texts.count == prompts.count ? texts : [String](repeating: texts.first ?? "", count: prompts.count)
    }
  }
}
