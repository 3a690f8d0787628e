public import MoonTensor

/// A tensor of the network's input that is the same in both halves of guidance, unless a callback wrote them apart.
///
/// It is kept once an image and expanded only at the network's input, so that guidance may be switched on and off at any
/// step.
public struct HalvedTensor: Sendable {
  /// For the wanted half, one row an image.
  public var conditional: Tensor
  /// For the unwanted half where a callback wrote another one, same shape.
  public var unconditional: Tensor?

  /// The same tensor in both halves.
  ///
  /// - Parameter tensor: One row an image.
  public init(_ tensor: Tensor) { conditional = tensor }

  /// The rows of one half.
  func rows(of half: GuidanceHalf) -> Tensor { half == .unconditional ? unconditional ?? conditional : conditional }

  /// What callbacks see: both halves, the unwanted first, or the wanted one alone.
  func view(doubled: Bool) throws(TensorError) -> Tensor {
    doubled ? try Tensor.concatenated([rows(of: .unconditional), conditional], along: 0) : conditional
  }

  /// Takes the rows of both halves or, with as many rows as images, of both at once.
  mutating func write(_ tensor: Tensor) throws(TensorError) {
    let rows = conditional.shape[0]
    if tensor.shape[0] == rows {
      self = HalvedTensor(try tensor.copied())
      return
    }
    let first = try tensor.narrow(0, start: 0, length: rows).copied()
    conditional = try tensor.narrow(0, start: rows, length: rows).copied()
    unconditional = first
  }
}

/// One half of classifier-free guidance.
package enum GuidanceHalf: Sendable {
  /// What is not wanted.
  case unconditional
  /// What is wanted.
  case conditional
}
