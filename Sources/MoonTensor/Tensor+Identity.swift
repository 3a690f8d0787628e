internal import Foundation

extension Tensor {
  /// Whether `other` has the same shape and the same bits in every element; two float32 tensors only.
  package func isIdentical(to other: Tensor) -> Bool {
    if shape != other.shape || dtype != .float32 || other.dtype != .float32 { return false }
    if storage === other.storage && offset == other.offset && strides == other.strides { return true }
    guard isContiguous, other.isContiguous else { return false }
    if count == 0 { return true }
    return unsafe memcmp(floatPointer, other.floatPointer, count * 4) == 0
  }
}
