package import MoonTensor
package import MoonWeights

/// IP-Adapter's plain projection: a linear layer makes some tokens of one image embedding.
package struct ImageProjection: Sendable {
  /// Tokens that an image becomes.
  package let tokens: Int
  /// Width of the image embeddings.
  package let inputWidth: Int
  /// Width of the tokens.
  package let width: Int
  private let linear: LinearLayer
  private let norm: LayerNorm

  /// Takes `proj` and `norm`, whose shapes say the sizes.
  ///
  /// - Throws: `WeightsError`, `NetworkError.badWeights`, naming the file and key.
  package init(_ weights: WeightMap) throws {
    let matrix = try weights.shape(of: "proj.weight", dimensions: 2)
    width = try weights.shape(of: "norm.weight", dimensions: 1)[0]
    inputWidth = matrix[1]
    guard matrix[0].isMultiple(of: width) else {
      throw NetworkError.badWeights(
        file: weights.name,
        detail:
          "\"\(weights.prefix)proj.weight\" has \(matrix[0]) rows, which do not divide into tokens of width \(width)")
    }
    tokens = matrix[0] / width
    linear = try weights.linear("proj", inputWidth, matrix[0])
    norm = try LayerNorm(weights.scoped("norm."), width: width)
  }

  /// The tokens of image embeddings `[images, inputWidth]`: `[images, tokens, width]`.
  package func callAsFunction(_ embeddings: Tensor) throws(TensorError) -> Tensor {
    try norm(linear(embeddings).reshaped(to: [embeddings.shape[0], tokens, width]))
  }
}

/// The projection of IP-Adapter's "full" files: each hidden state becomes a token.
package struct IPAdapterFullImageProjection: Sendable {
  /// Width of the hidden states.
  package let inputWidth: Int
  /// Width of the tokens.
  package let width: Int
  private let widening: LinearLayer
  private let narrowing: LinearLayer
  private let norm: LayerNorm

  /// Takes `proj.0`, `proj.2` and the norm `proj.3`, whose shapes say the sizes.
  ///
  /// - Throws: `WeightsError`, `NetworkError.badWeights`, naming the file and key.
  package init(_ weights: WeightMap) throws {
    let first = try weights.shape(of: "proj.0.weight", dimensions: 2)
    width = try weights.shape(of: "proj.3.weight", dimensions: 1)[0]
    inputWidth = first[1]
    widening = try weights.linear("proj.0", inputWidth, first[0])
    narrowing = try weights.linear("proj.2", first[0], width)
    norm = try LayerNorm(weights.scoped("proj.3."), width: width)
  }

  /// The tokens of hidden states `[images, positions, inputWidth]`: `[images, positions, width]`.
  package func callAsFunction(_ states: Tensor) throws(TensorError) -> Tensor {
    try norm(narrowing(widening(states, activation: .gelu)))
  }
}

extension WeightMap {
  /// The shape of the tensor named `key`, all sizes above 0.
  func shape(of key: String, dimensions: Int) throws -> [Int] {
    guard let shape = shape(of: key) else { throw WeightsError.missingKey(file: name, key: prefix + key) }
    guard shape.count == dimensions, shape.allSatisfy({ $0 > 0 }) else {
      throw NetworkError.badWeights(
        file: name,
        detail: "\"\(prefix + key)\" has the shape \(TensorError.text(shape)), wanted \(dimensions) sizes above 0")
    }
    return shape
  }
}
