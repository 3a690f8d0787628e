package import MoonTensor

/// What control networks add to a UNet, already scaled. Channels last; a network that pools over the picture has one
/// pixel.
package struct ControlResiduals: Sendable {
  /// One for each skip connection, in the order in which the way down makes them, `[rows, height, width, channels]`.
  package var down: [Tensor]
  /// For the output of the innermost block, `[rows, height, width, channels]`.
  package var mid: Tensor

  /// Residuals of all skip connections and of the innermost block.
  package init(down: [Tensor], mid: Tensor) {
    self.down = down
    self.mid = mid
  }

  /// The sum of what several networks say; `nil` when there is none.
  ///
  /// - Throws: `NetworkError.wrongCount` for networks with other skip connections; `TensorError`.
  package static func sum(_ all: [ControlResiduals]) throws -> ControlResiduals? {
    guard var sum = all.first else { return nil }
    for other in all.dropFirst() {
      try other.requireCount(sum.down.count)
      for index in sum.down.indices { sum.down[index] = try sum.down[index] + other.down[index] }
      sum.mid = try sum.mid + other.mid
    }
    return sum
  }

  /// The same residuals for the last rows of a batch, behind `rows` rows for which they are zero: what guess mode gives
  /// the half without the prompt.
  ///
  /// - Throws: `TensorError`.
  package func followingZeros(rows: Int) throws -> ControlResiduals {
    func padded(_ residual: Tensor) throws -> Tensor {
      try .concatenated([.zeros([rows] + residual.shape.dropFirst()), residual], along: 0)
    }
    return ControlResiduals(down: try down.map(padded), mid: try padded(mid))
  }

  /// Adds them to the innermost block's output and the skip connections.
  func add(to hidden: inout Tensor, and skips: inout [Tensor]) throws {
    try requireCount(skips.count)
    for index in skips.indices { skips[index] = try Self.sum(skips[index], down[index]) }
    hidden = try Self.sum(hidden, mid)
  }

  private func requireCount(_ count: Int) throws {
    if down.count != count {
      throw NetworkError.wrongCount(network: "UNet", name: "control residuals", found: down.count, wanted: count)
    }
  }

  private static func sum(_ activations: Tensor, _ residual: Tensor) throws -> Tensor {
    let shape = activations.shape
    if residual.shape != shape && residual.shape != [shape[0], 1, 1, shape[3]] {
      throw NetworkError.badInput(
        network: "UNet control residual", found: residual.shape, wanted: TensorError.text(shape))
    }
    return try activations + residual
  }
}
