internal import MoonTensor

extension PictureInputs {
  /// What each ControlNet follows, one row an image: a picture for all, or one a prompt.
  ///
  /// - Throws: `PipelineError.badRequest` for another number of pictures.
  func controlRows(for request: GenerationRequest) throws -> [HalvedTensor] {
    try controls.map { pictures in
      let count = request.batchSize
      let isOneAPrompt = pictures.count == request.prompts.count
      guard pictures.count == 1 || isOneAPrompt else {
        throw PipelineError.badRequest(
          option: "--control-image",
          detail: "\(pictures.count) pictures are given for \(request.prompts.count) prompts; give one, or one a prompt"
        )
      }
      let rows = (0..<count).map { pictures[pictures.count == 1 ? 0 : $0 / request.imagesPerPrompt] }
      return HalvedTensor(try Tensor.concatenated(rows, along: 0))
    }
  }
}
