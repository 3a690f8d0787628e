internal import MoonNets
public import MoonTensor

/// Pictures of latents while a run goes; nothing of the run changes.
extension DenoisingRun {
  /// Decodes latents of the run's own shape.
  ///
  /// - Parameter latents: `[batch, channels, height, width]`, free of noise or nearly so.
  /// - Returns: `[batch, 3, height, width]` in pixels, about -1...1.
  /// - Throws: `PipelineError.badShape`, `.notFinite`; `TensorError.interrupted`.
  public func decode(_ latents: Tensor) throws -> Tensor {
    if latents.shape != latentsShape {
      throw PipelineError.badShape(name: "latents", found: latents.shape, wanted: [latentsShape])
    }
    if let index = try latents.firstNonFinite() { throw PipelineError.notFinite(name: "latents", index: index) }
    return try Tensor.concatenated(model.decodedRows(latents), along: 0)
  }

  /// A small picture of the clean latents that the last prediction points to, one pixel a latent.
  ///
  /// - Parameter row: The image, from 0.
  /// - Returns: `[3, height, width]` in 0...255; `nil` before step 0 has ended.
  /// - Throws: `PipelineError.badRequest` for a row that is not there.
  public func preview(row: Int) throws -> Tensor? {
    guard row >= 0, row < batchSize else {
      throw PipelineError.badRequest(option: "image", detail: "\(row) is outside 0..\(batchSize - 1)")
    }
    guard let clean = predictedOriginal else { return nil }
    let colours = try latentColours ?? model.latentColours()
    latentColours = colours
    return try colours.levels(of: clean.select(0, at: row))
  }

  /// The picture that the last prediction points to, for somebody who watches: decoded where that is cheap, else that of
  /// `preview(row:)`.
  ///
  /// - Parameter row: The image, from 0.
  /// - Returns: `[3, height, width]` in 0...255; `nil` before step 0 has ended.
  /// - Throws: `PipelineError.badRequest` for a row that is not there; `TensorError.interrupted`.
  package func pictureSoFar(row: Int) throws -> Tensor? {
    try TensorEnvironment.withoutKeptWeights {
      guard let clean = predictedOriginal, row >= 0, row < batchSize,
        model.decodesCheaply(height: clean.shape[2], width: clean.shape[3])
      else { return try preview(row: row) }
      let decoded = try model.decodedRows(clean.narrow(0, start: row, length: 1))[0].select(0, at: 0)
      return try ((decoded + 1) * 127.5).clamped(minimum: 0, maximum: 255)
    }
  }
}

extension Autoencoder {
  /// Decodes scaled latents row by row, so that a batch needs no more memory than one picture.
  ///
  /// - Parameter latents: `[batch, channels, height, width]`, as the loop leaves them.
  /// - Returns: `[1, 3, height, width]` in pixels for each row, about -1...1.
  /// - Throws: `TensorError.interrupted`.
  func decodedRows(_ latents: Tensor) throws -> [Tensor] {
    let scaled = try configuration.unscaled(latents)
    return try (0..<latents.shape[0]).map { try decode(scaled.narrow(0, start: $0, length: 1)) }
  }
}
