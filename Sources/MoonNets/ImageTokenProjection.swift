package import MoonTensor
package import MoonWeights

/// How an IP-Adapter makes tokens of an image, told by the names in its file. Proved by `Fixtures/clip_networks`.
///
/// What goes in differs by kind, and so does the unconditional half of guidance: `plain` takes the image embeddings, and
/// zeros of their shape for that half; `full` and `plus` take the states before the vision encoder's last layer, and for
/// that half those of pixels that are all 0 (after normalisation, not of a black picture).
package enum ImageTokenProjection: Sendable {
  /// The files named after their base model alone.
  case plain(ImageProjection)
  /// The "full face" files.
  case full(IPAdapterFullImageProjection)
  /// The "plus" and "plus face" files.
  case plus(IPAdapterPlusImageProjection)

  /// Takes the projection's weights; the caller finishes the file, which holds the attention's weights too.
  ///
  /// - Parameter weights: The file's weights, scoped to `image_proj.`.
  /// - Throws: `WeightsError`, naming the missing or misshapen key; `NetworkError.badWeights` for a FaceID adapter or
  ///   none.
  package init(weights: WeightMap) throws {
    if weights.contains("proj.weight") {
      self = .plain(try ImageProjection(weights))
    } else if weights.contains("proj.3.weight") {
      self = .full(try IPAdapterFullImageProjection(weights))
    } else if weights.contains("perceiver_resampler.proj_in.weight") || weights.contains("norm.weight") {
      throw NetworkError.badWeights(
        file: weights.name,
        detail: "an IP-Adapter FaceID, which takes the embeddings of a face recognition network, is not supported")
    } else if weights.contains("latents") {
      self = .plus(try IPAdapterPlusImageProjection(weights))
    } else {
      throw NetworkError.badWeights(
        file: weights.name,
        detail: "no IP-Adapter's image projection is under \"\(weights.prefix)\": \"proj.weight\", "
          + "\"proj.3.weight\" or \"latents\" would be there")
    }
  }

  /// Whether it takes the states before the vision encoder's last layer, not the image embeddings.
  package var takesHiddenStates: Bool {
    if case .plain = self { false } else { true }
  }

  /// Tokens that an image becomes; `nil` when there is one for each hidden state.
  package var tokens: Int? {
    switch self {
    case .plain(let projection): projection.tokens
    case .full: nil
    case .plus(let projection): projection.tokens
    }
  }

  /// Width of the embeddings or states that it takes.
  package var inputWidth: Int {
    switch self {
    case .plain(let projection): projection.inputWidth
    case .full(let projection): projection.inputWidth
    case .plus(let projection): projection.inputWidth
    }
  }

  /// Width of the tokens, which is that of the network's context.
  package var width: Int {
    switch self {
    case .plain(let projection): projection.width
    case .full(let projection): projection.width
    case .plus(let projection): projection.width
    }
  }

  /// The tokens of some images.
  ///
  /// - Parameter input: `[images, inputWidth]`, or `[images, positions, inputWidth]` where it takes hidden states.
  /// - Returns: `[images, tokens, width]`.
  /// - Throws: `NetworkError.badInput`, `TensorError`.
  package func callAsFunction(_ input: Tensor) throws -> Tensor {
    guard input.rank == (takesHiddenStates ? 3 : 2), input.count > 0, input.shape.last == inputWidth else {
      throw NetworkError.badInput(
        network: "image projection", found: input.shape,
        wanted: takesHiddenStates ? "[images, positions, \(inputWidth)]" : "[images, \(inputWidth)]")
    }
    switch self {
    case .plain(let projection): return try projection(input)
    case .full(let projection): return try projection(input)
    case .plus(let projection): return try projection(input)
    }
  }
}
