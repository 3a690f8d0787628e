internal import MoonNets
internal import MoonTensor

/// The linear map from latents to colours that fits an autoencoder best, by least squares over a soft random picture.
struct LatentColours {
  /// Latents along a side of the picture that is encoded, and random colours along a side.
  private static let (side, colourSide) = (24, 8)

  /// For each of red, green and blue, the weight of each channel, then the constant.
  private let weights: [[Double]]

  /// A map that is known.
  init(weights: [[Double]]) { self.weights = weights }

  /// Encodes the picture with `autoencoder` and fits the map.
  init(_ autoencoder: Autoencoder) throws {
    let (factor, channels) = (autoencoder.configuration.factor, autoencoder.configuration.latentChannels)
    var source = Generator(seed: 0)
    let colours = try source.uniform(shape: [1, 3, Self.colourSide, Self.colourSide]) * 2 - 1
    let picture = try colours.resized(height: Self.side * factor, width: Self.side * factor, mode: .bilinear)
    let latents =
      try autoencoder.configuration.scaled(
        autoencoder.encode(picture).narrow(1, start: 0, length: channels))
    let wanted = try colours.resized(height: Self.side, width: Self.side, mode: .bilinear)
    weights = try Self.fit(latents.select(0, at: 0), to: wanted.select(0, at: 0))
  }

  /// Levels in 0...255, `[3, height, width]`, of latents `[channels, height, width]`.
  func levels(of latents: Tensor) throws -> Tensor {
    let planes = try weights.map { row in
      var terms: [(weight: Float, tensor: Tensor)] = []
      for (channel, weight) in row.dropLast().enumerated() {
        terms.append((Float(weight), try latents.select(0, at: channel)))
      }
      return try Tensor.linearCombination(terms) + Float(row.last ?? 0)
    }
    return try ((Tensor.stacked(planes) + 1) * 127.5).clamped(minimum: 0, maximum: 255)
  }

  /// The normal equations of `colour = weights * latent + constant`, solved for each colour.
  private static func fit(_ latents: Tensor, to colours: Tensor) throws -> [[Double]] {
    let size = latents.shape[0] + 1
    let count = latents.shape[1] * latents.shape[2]
    let values = try latents.floats()
    let wanted = try colours.floats()
    func term(_ index: Int, at place: Int) -> Double {
      index == size - 1 ? 1 : Double(values[index * count + place])
    }
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: size + 3), count: size)
    for place in 0..<count {
      for row in 0..<size {
        for column in 0..<size { matrix[row][column] += term(row, at: place) * term(column, at: place) }
        for colour in 0..<3 {
          matrix[row][size + colour] += term(row, at: place) * Double(wanted[colour * count + place])
        }
      }
    }
    // A small weight on the diagonal keeps channels that say nothing out of the map.
    for row in 0..<size - 1 { matrix[row][row] += 1e-3 * Double(count) }
    return solved(matrix, size: size)
  }

  /// Gaussian elimination with the largest pivot; the columns from `size` on are the right sides.
  private static func solved(_ equations: [[Double]], size: Int) -> [[Double]] {
    var rows = equations
    for column in 0..<size {
      let pivot = (column..<size).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
      rows.swapAt(column, pivot)
      let divisor = rows[column][column]
      for index in rows[column].indices { rows[column][index] /= divisor }
      for row in 0..<size where row != column {
        let weight = rows[row][column]
        for index in rows[row].indices { rows[row][index] -= weight * rows[column][index] }
      }
    }
    return (0..<3).map { colour in rows.map { $0[size + colour] } }
  }
}
